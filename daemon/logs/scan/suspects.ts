import { byteTable } from './tables.ts'

// What must stand in a line before anything of it is replaced (base/redact.ts): a few words, whatever their case. Who finds one
// looks closer; a test holds this to the patterns there.

/** What else a word needs, as `suspect` in scan.assembly knows it. */
const needs = { nothing: 1, noNameBefore: 2, valueBehind: 4, passwordBehind: 8, spaceBehind: 16 } as const

const keys = (...words: readonly string[]): readonly string[] =>
  words.flatMap((word) => ['', '_', '-'].map((mark) => `${word}${mark}key`))

const words: readonly (readonly [need: number, words: readonly string[]])[] = [
  [needs.nothing, ['private key', 'hooks.slack.com/']],
  [needs.passwordBehind, ['://']],
  [needs.spaceBehind, ['bearer', 'basic']],
  [
    needs.valueBehind,
    [
      'password',
      'passwd',
      'passphrase',
      'pwd',
      'secret',
      'token',
      'authorization',
      'credential',
      'cookie',
      ...keys('api', 'access', 'account', 'private'),
    ],
  ],
  [
    needs.noNameBefore,
    (
      'akia asia abia acca agpa aida aroa aipa anpa anva ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ ' +
      'glpat- glptt- gldt- glrt- glrtr- glcbt- glft- glsoat- glimt- glagent- gloas- glffct- xox xapp- ' +
      'sk_live_ rk_live_ pk_live_ sk_test_ rk_test_ pk_test_ whsec_ npm_ pypi-age dckr_pat_ dckr_oat_ ' +
      'aiza ya29. sk- sg. doo_v1_ dop_v1_ dor_v1_ hvs. hvb. hvr. eyj'
    ).split(' '),
  ],
]

const groups = 8
const head = 6 * 16 + 2 * 256
/** More cannot be told by the numbers that lead to them. */
const mostBytes = 0xffff

/**
 * The tables by which `sift` in scan.assembly tells lines that may hold a secret.
 * @param forms - more texts that are secret, of four characters at least.
 * @returns null when they are too many.
 */
export function sieveOf(forms: readonly string[]): Buffer | null {
  const all = [
    ...words.flatMap(([need, some]) => some.map((word) => ({ need, letters: Buffer.from(word) }))),
    // Of a long one its beginning is enough.
    ...forms.map((form) => ({ need: needs.nothing, letters: folded(form).subarray(0, 255) })),
  ].toSorted((a, b) => a.letters.compare(b.letters))
  const sieve = Buffer.alloc(head + all.reduce((sum, { letters }) => sum + letters.length + 3, 1))
  if (sieve.length > mostBytes) return null
  let at = head + 1
  const lists = Map.groupBy(all, ({ letters: [first = 0, second = 0] }) => (first ^ (second << 2)) & 255)
  for (let pair = 0; pair < 256; pair++) {
    const some = lists.get(pair) ?? []
    // All that no word begins with lead to the same empty list.
    sieve.writeUInt16LE(some.length === 0 ? head : at, 96 + 2 * pair)
    for (const { need, letters } of some) {
      sieve[at] = need
      sieve[at + 1] = letters.length
      at += 2 + letters.copy(sieve, at + 2)
    }
    if (some.length > 0) at++
  }
  for (const [index, { letters }] of all.entries())
    admit(sieve, 1 << Math.floor((index * groups) / all.length), letters)
  return sieve
}

const folded = (text: string): Buffer => Buffer.from(Buffer.from(text).map((byte) => byteTable[byte] ?? byte))

/** Lets a word's first letters, in either case, through as those of a group. */
function admit(sieve: Buffer, group: number, letters: Buffer): void {
  for (let place = 0; place < 3; place++) {
    const letter = letters[place] ?? 0
    const upper = letter >= 0x61 && letter <= 0x7a ? letter - 0x20 : letter
    for (const byte of [letter, upper]) {
      for (const at of [32 * place + (byte & 15), 32 * place + 16 + (byte >> 4)])
        sieve[at] = (sieve[at] ?? 0) | group
    }
  }
}
