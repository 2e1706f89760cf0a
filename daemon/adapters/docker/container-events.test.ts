import { describe, expect, test } from 'vitest'
import { readEvents, type ContainerEvent } from './container-events.ts'

const id = (digit: string) => digit.repeat(64)

async function eventsOf(...chunks: readonly (string | Buffer)[]): Promise<readonly ContainerEvent[]> {
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const events: ContainerEvent[] = []
  for await (const event of readEvents(stream())) events.push(event)
  return events
}

const event = (action: string, digit: string) =>
  `${JSON.stringify({ Action: action, Actor: { ID: id(digit) } })}\n`

describe('reading engine events', () => {
  test('an event names the container to look at again', async () => {
    expect(await eventsOf(event('start', 'a') + event('health_status: healthy', 'b'))).toEqual([
      id('a'),
      id('b'),
    ])
  })

  test('an event in pieces is one event', async () => {
    const text = event('die', 'c')
    expect(await eventsOf(...Array.from(text))).toEqual([id('c')])
  })

  test('what health checks, shells and copies do changes no list', async () => {
    const quiet = ['exec_create: sh -c true', 'exec_start: sh', 'exec_die', 'top', 'resize', 'attach', 'copy']
    expect(await eventsOf(quiet.map((action) => event(action, 'd')).join(''))).toEqual([])
  })

  test('an event that cannot be understood makes everything be looked at again', async () => {
    const strange = [
      '{broken',
      'null',
      '[]',
      '{"Action":"start"}',
      '{"Action":"start","Actor":{"ID":"../x"}}',
    ]
    expect(await eventsOf(`${strange.join('\n')}\n`)).toEqual(strange.map(() => null))
  })

  test('the form of older engines is read, too', async () => {
    expect(await eventsOf(`${JSON.stringify({ status: 'start', id: id('e') })}\n`)).toEqual([id('e')])
  })

  test('an event that is too long is not kept, and the next one is read', async () => {
    const long = Array.from({ length: 20 }, () => Buffer.alloc(1 << 20, 0x61))
    expect(await eventsOf(...long, '\n', event('start', 'f'))).toEqual([null, id('f')])
  })
})
