import { Failure, messageOf } from '#base/failure.ts'
import { openTrail } from './trail.ts'

/** What the server answers: the error's code, or null, and how many commands had entered their handler by then. */
export interface TrailAnswer {
  readonly code: string | null
  readonly message: string
  readonly entered: number
}

// node trail-server.ts HOME: a trail in a process of its own that does as its parent says over the IPC channel.
const trail = await openTrail(process.argv[2] ?? '')

const answer = async (name: string, params: unknown): Promise<TrailAnswer> => {
  try {
    await trail.call(name, params)
    return { code: null, message: '', entered: trail.entered.length }
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'bug'
    return { code, message: messageOf(error), entered: trail.entered.length }
  }
}

process.on('message', ({ name, params }: { readonly name: string; readonly params: unknown }) => {
  void answer(name, params).then((result) => process.send?.(result))
})
process.on('disconnect', () => {
  void trail.close()
})
process.send?.('ready')
