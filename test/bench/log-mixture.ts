import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

/** Files of logs as an app of several parts writes them at the same time, and what can be looked for in them. */
export interface Mixture {
  readonly files: readonly string[]
  readonly bytes: number
  readonly lines: number
  /** Each stands in one line. */
  readonly ids: readonly string[]
  /** Eight characters that stand in one line each. */
  readonly codes: readonly string[]
  /** A stretch of time in the middle, as ISO 8601. */
  readonly middle: readonly [from: string, to: string]
}

const verbs =
  'accepted aborted archived billed cached charged closed copied denied dispatched encoded expired fetched flushed granted indexed joined locked merged moved opened packed parsed pinned polled pruned queued read refunded released renewed replayed resolved retried rolled routed scaled sealed sent shipped signed skipped split stored synced throttled tracked trimmed updated verified waited written'.split(
    ' ',
  )
const nouns =
  'account address alarm archive asset balance basket batch branch bucket budget cart channel chunk cluster column coupon cursor customer device digest discount document domain driver envelope export feature ticket folder gateway ledger group header host image invoice item journal label lease limit machine mailbox message meter network node notice offer order package page parcel partition password payment picture plan policy price profile project quota receipt record refund region replica report request resource role route schema session shard shelf signal snapshot stock stream tenant timer token topic trace transfer upload user vault volume voucher window worker zone'.split(
    ' ',
  )
const problems = [
  'connection refused by 10.7.3.21:5432',
  'read timed out after 5000 ms',
  'duplicate key in index payments_pkey',
  'no space left on device',
  'certificate has expired',
  'too many open files',
]
const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'curl/8.14.1',
  'kube-probe/1.33',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
]
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** One number after the other that look random, and are the same each time (xorshift32). */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % limit
  }

  /** Of the first more than of the last. */
  of(list: readonly string[]): string {
    return list[Math.min(this.below(list.length), this.below(list.length))] ?? ''
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.below(0x10000000).toString(16).padStart(7, '0')
    return text.slice(0, digits)
  }

  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-9${this.hex(3)}-${this.hex(12)}`
  }

  words(): string {
    let text = `${this.of(nouns)} ${this.of(verbs)}`
    for (let more = this.below(5); more > 0; more--) text += ` ${this.of(nouns)} ${this.of(verbs)}`
    return text
  }
}

/** One line of a part of the app, or several that belong together. @param bad - whether it tells of an error. */
type Part = (dice: Dice, time: number, iso: string, bad: boolean, id: string) => string

const json: Part = (dice, time, _, bad, id) => {
  const request = {
    method: dice.of(['GET', 'POST', 'PUT', 'DELETE']),
    url: `/api/${dice.of(nouns)}/${dice.below(1e6)}`,
  }
  const error = bad ? { err: { type: 'Error', message: dice.of(problems) } } : {}
  const statusCode = bad ? 500 + dice.below(4) : 200
  return `${JSON.stringify({ level: bad ? 50 : dice.below(9) === 0 ? 40 : 30, time, pid: 4000 + dice.below(8), hostname: `web-${dice.below(9)}`, reqId: id, req: request, res: { statusCode }, responseTime: dice.below(30000) / 100, ...error, msg: dice.words() })}\n`
}

const pairs: Part = (dice, _, iso, bad, id) =>
  `time=${iso} level=${bad ? 'error' : dice.below(12) === 0 ? 'warn' : 'info'} service=${dice.of(nouns)}-${dice.of(['api', 'jobs', 'sync'])} trace=${id} user_id=${dice.below(500_000)} duration_ms=${dice.below(2000)} msg="${dice.words()}"${bad ? ` err="${dice.of(problems)}"` : ''}\n`

const access: Part = (dice, time, iso, bad, id) => {
  const date = new Date(time)
  const day = `${String(date.getUTCDate()).padStart(2, '0')}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${10 + dice.below(180)}.${dice.below(256)}.${dice.below(256)}.${dice.below(256)} - - [${day}:${iso.slice(11, 19)} +0000] "${dice.of(['GET', 'POST'])} /${dice.of(nouns)}/${dice.of(nouns)}?page=${dice.below(90)}&sid=${id} HTTP/1.1" ${bad ? 502 : dice.below(20) === 0 ? 404 : 200} ${dice.below(60_000)} "-" "${dice.of(agents)}"\n`
}

const java: Part = (dice, _, iso, bad, id) => {
  const name = `dev.shop.${dice.of(nouns)}.${dice.of(nouns)}Service`
  const line = `${iso.slice(0, 10)} ${iso.slice(11, 23)} ${bad ? 'ERROR' : dice.below(4) === 0 ? 'DEBUG' : 'INFO '} [pool-${dice.below(32)}] ${name} - ${dice.words()} id=${id}\n`
  if (!bad) return line
  let trace = `${line}java.lang.IllegalStateException: ${dice.of(problems)}\n`
  for (let frame = 6 + dice.below(16); frame > 0; frame--)
    trace += `\tat dev.shop.${dice.of(nouns)}.${dice.of(verbs)}(${dice.of(nouns)}.java:${dice.below(900)})\n`
  return trace
}

const parts: readonly Part[] = [json, pairs, access, java]
const begin = Date.UTC(2026, 2, 1)
/** Codes and ids that are remembered of each file. */
const remembered = 12

/** The files, written where they are not there yet. @param bytes - about so many in all. */
export function mixture(folder: string, bytes: number): Mixture {
  const known = path.join(folder, 'mixture.json')
  const files = parts.map((_, part) => path.join(folder, `part-${part}.log`))
  if (!existsSync(known)) {
    mkdirSync(folder, { recursive: true })
    const made = files.map((file, part) => write(file, part, bytes / parts.length))
    const span = Math.min(...made.map(({ end }) => end)) - begin
    const middle = [begin + span / 2, begin + span / 2 + span / 200].map((time) =>
      new Date(time).toISOString(),
    )
    const all = {
      files,
      bytes: made.reduce((sum, one) => sum + one.bytes, 0),
      lines: made.reduce((sum, one) => sum + one.lines, 0),
      ids: made.flatMap(({ ids }) => ids),
      codes: made.flatMap(({ codes }) => codes),
      middle,
    }
    writeFileSync(`${known}.new`, JSON.stringify(all))
    renameSync(`${known}.new`, known)
  }
  return JSON.parse(readFileSync(known, 'utf8')) as Mixture
}

function write(file: string, part: number, wanted: number) {
  const dice = new Dice(77 + part)
  const descriptor = openSync(file, 'w')
  const [ids, codes]: [string[], string[]] = [[], []]
  let [bytes, lines, time, text] = [0, 0, begin, '']
  for (let next = 0.04; bytes < wanted;) {
    time += dice.below(24)
    const id = dice.uuid()
    const line = (parts[part] ?? json)(dice, time, new Date(time).toISOString(), dice.below(50) === 0, id)
    text += line
    lines += 1 + (line.length > 400 ? line.split('\n').length - 2 : 0)
    bytes += line.length
    if (bytes > next * wanted) {
      next += 0.08
      const code = `Q${part}${dice.hex(6).toUpperCase()}`
      ids.push(id)
      codes.push(code)
      for (let again = 0; again < 20; again++)
        text += `time=${new Date(time).toISOString()} level=error service=payments msg="ledger mismatch found" account=${again === 0 ? code : dice.hex(12)}\n`
      lines += 20
    }
    if (text.length > 4_000_000) {
      writeSync(descriptor, text)
      text = ''
    }
  }
  writeSync(descriptor, text)
  closeSync(descriptor)
  return { bytes, lines, end: time, ids: ids.slice(0, remembered), codes: codes.slice(0, remembered) }
}
