"""Tells the time, with nothing but Python's own library."""

import os
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Clock(BaseHTTPRequestHandler):
    """Answers every GET with the time in UTC."""

    def do_GET(self) -> None:
        body = f"{datetime.now(timezone.utc).isoformat()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f"clock listens on port {port}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", port), Clock).serve_forever()
