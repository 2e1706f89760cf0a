/** A server that speaks TLS was spoken to without. */
export const tlsSpeaker = 'a server that expects TLS'

/**
 * What kind of server sends such first bytes; null when they tell nothing.
 * @param bytes - at most a few hundred.
 */
export function speakerOf(bytes: Buffer): string | null {
  const text = bytes.subarray(0, 64).toString('latin1')
  if (/^(?:HTTP\/\d|<!doctype|<html)/i.test(text)) return 'an HTTP server'
  if (text.startsWith('SSH-')) return 'an SSH server'
  if (text.startsWith('AMQP')) return 'a RabbitMQ server'
  if (/^220[ -]/.test(text)) return 'a mail or FTP server'
  if (/^(?:\+OK|\* OK)/.test(text)) return 'a mail server'
  if (/^(?:-ERR|-NOAUTH|-DENIED|-MISCONF|-LOADING|\+PONG)/.test(text)) return 'a Redis server'
  const [first, second, third, fourth, fifth = -1] = bytes
  // A TLS record (RFC 8446, 5.1) that is an alert or a handshake.
  if ((first === 0x15 || first === 0x16) && second === 3) return tlsSpeaker
  // A MySQL packet: its length, sequence 0, protocol 10 or an error.
  if (third === 0 && fourth === 0 && (fifth === 10 || fifth === 255)) return 'a MySQL or MariaDB server'
  // PostgreSQL's ErrorResponse and Authentication messages: a letter and a length of four bytes.
  if ((first === 0x45 || first === 0x52) && second === 0 && third === 0) return 'a PostgreSQL server'
  return null
}
