/** Of a message, in UTF-16 units: what comes behind is another occurrence's own. */
const longest = 300

/**
 * What is the same in all occurrences of an error: its first line without times, ids, addresses, numbers and what stands in
 * quotes.
 */
export function signatureOf(message: string): string {
  const [first = ''] = message.trimStart().split('\n', 1)
  return first
    .slice(0, longest)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*/g, '#')
    .replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '#')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi, '#')
    .replace(/\d+/g, '#')
    .replace(/#(?:[.:]#)+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
}
