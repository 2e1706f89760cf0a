import type { StartedContainer } from './container-output.ts'

/** An event only says which container to look at again; null stands for all of them. */
export type ContainerEvent = string | null

/** Longer than any event: its attributes hold all labels, which Docker bounds only by the request's size. */
const maxEventBytes = 4 << 20

/** Events that change nothing in a list. Health checks alone make three of them each time. */
const quiet = /^(exec_|top|resize|attach|detach|copy|export|archive-path|extract-to-dir|commit|checkpoint)/

/**
 * Reads the engine's event stream: one JSON object per line. Ends with the stream; never throws for its content.
 * @param started - is told of a container that has started, with what the event says of it.
 */
export async function* readEvents(
  stream: AsyncIterable<Buffer>,
  started: (container: StartedContainer) => void = () => undefined,
): AsyncGenerator<ContainerEvent> {
  let parts: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)])
      const event = size > maxEventBytes ? null : parseEvent(line, started)
      if (event !== undefined) yield event
      parts = []
      size = 0
      from = end + 1
    }
    size += chunk.length - from
    // Of an event that is too long only that there was one is kept.
    if (size > maxEventBytes) parts = []
    else parts.push(chunk.subarray(from))
  }
}

/** Undefined: nothing to look at. */
function parseEvent(
  line: Buffer,
  started: (container: StartedContainer) => void,
): ContainerEvent | undefined {
  if (line.length === 0) return undefined
  try {
    const event = JSON.parse(line.toString('utf8')) as {
      readonly Action?: unknown
      readonly status?: unknown
      readonly id?: unknown
      readonly Actor?: { readonly ID?: unknown; readonly Attributes?: unknown }
    } | null
    const action = event?.Action ?? event?.status
    if (typeof action === 'string' && quiet.test(action)) return undefined
    const id = event?.Actor?.ID ?? event?.id
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id)) return null
    if (action === 'start') started(startedOf(id, event?.Actor?.Attributes))
    return id
  } catch {
    return null
  }
}

/** An event tells name and image among the labels. */
function startedOf(id: string, attributes: unknown): StartedContainer {
  const said = Object.entries(typeof attributes === 'object' ? (attributes ?? {}) : {})
  const labels = Object.fromEntries(said.filter((one): one is [string, string] => typeof one[1] === 'string'))
  return { id, name: labels['name'] ?? id.slice(0, 12), image: labels['image'] ?? '', labels }
}
