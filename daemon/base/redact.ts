/** What stands where a secret stood. */
const redacted = '[redacted]'

/**
 * Secrets that can be told by their shape: access keys and tokens of the common services. Each begins where no
 * word goes on and is of a bounded or unbroken run of characters, so that all of it is linear in the text. How each begins is
 * also said in logs/scan/suspects.ts, by which lines are told that need not be looked at.
 */
const shapes = new RegExp(
  `(?<![A-Za-z0-9_-])(?:${[
    // AWS access key ids
    '(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z2-7]{16}(?![A-Za-z0-9])',
    // GitHub
    'gh[pousr]_[A-Za-z0-9]{36,255}',
    'github_pat_[A-Za-z0-9_]{22,255}',
    // GitLab
    'gl(?:pat|ptt|dt|rt|rtr|cbt|ft|soat|imt|agent|oas|ffct)-[A-Za-z0-9_.=-]{20,300}',
    // Slack
    'xox[a-z]-[A-Za-z0-9-]{10,300}',
    'xapp-[A-Za-z0-9-]{10,300}',
    // Stripe
    '(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}',
    'whsec_[A-Za-z0-9+/=]{24,255}',
    // npm, PyPI, Docker Hub
    'npm_[A-Za-z0-9]{36,64}',
    'pypi-AgE[A-Za-z0-9_-]{50,300}',
    'dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,100}',
    // Google, OpenAI and Anthropic, SendGrid, DigitalOcean, HashiCorp Vault
    'AIza[A-Za-z0-9_-]{35}',
    'ya29\\.[A-Za-z0-9_-]{20,1000}',
    'sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,300}',
    'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}',
    'do[opr]_v1_[a-f0-9]{64}',
    'hv[sbr]\\.[A-Za-z0-9_-]{24,300}',
    // JSON Web Tokens (RFC 7519): two base64url objects and a signature
    'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*',
  ].join('|')})`,
  'g',
)

/** Slack's incoming webhooks: whoever has the address may post. */
const webhooks = /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{20,200}/g

/** User and password in a URL; the user is kept. */
const urlCredentials = /(:\/\/[^\s/?#@:"'<>]{0,256}:)[^\s/?#@"'<>]{1,1024}@/g

/** HTTP's Authorization credentials (RFC 9110, 11.4), wherever they stand. */
const authorization =
  /(?<![A-Za-z0-9_-])(Bearer|Basic)(\s{1,4})(?=[A-Za-z._~+/=-]{0,128}\d)[A-Za-z0-9._~+/=-]{12,}/gi

const secretName =
  '(?:pass(?:word|wd|phrase)|pwd|secret(?:[_-]?access)?(?:[_-]?key)?|token|api[_-]?key|access[_-]?key|' +
  'account[_-]?key|private[_-]?key|client[_-]?secret|authorization|credentials?|cookie)'

/** A name that says secret, and its value: `password=...`, `"token":"..."`, also escaped within JSON. */
const assignments = new RegExp(
  `(${secretName}(?:\\\\?["'])?\\s{0,4}(?:=>|[=:])\\s{0,4})` +
    `("(?:[^"\\\\]|\\\\.)*"|\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"|'[^']*'|(?:Bearer |Basic )?[^\\s"',;&)}\\]\\\\]+)`,
  'gi',
)

/** What stands after such a name in messages that give nothing away. */
const harmless =
  /^(?:\\?["'])?(?:true|false|null|none|undefined|nil|required|missing|invalid|expired|empty|unknown|not|is|was|\d{1,5}|\*+|\[redacted|)(?:\\?["'])?$/i

const secretKey =
  /(?:password|passwd|passphrase|pwd|secret|token|apikey|accesskey|accountkey|secretkey|privatekey|authorization|credentials?|cookie)$/

/** Without these no name is given a value and no URL a password; any other secret is at least `shortest` long. */
const assigns = /[:=]/
const shortest = 15

/** Text with every recognised secret replaced. Takes time in proportion to the text. */
export function redactText(text: string): string {
  // Most of what goes through here are the names and small values of an audit entry's details.
  if (text.length < shortest && !assigns.test(text)) return text
  return redactPrivateKeys(text)
    .replace(urlCredentials, `$1${redacted}@`)
    .replace(shapes, redacted)
    .replace(webhooks, `$1${redacted}`)
    .replace(assignments, replaceAssignment)
    .replace(authorization, `$1$2${redacted}`)
}

function replaceAssignment(whole: string, name: string, value: string): string {
  if (harmless.test(value)) return whole
  const quote = /^\\?["']/.exec(value)?.[0] ?? ''
  return `${name}${quote}${redacted}${quote}`
}

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const keyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g

/** One pass with two cursors: a lazy pattern would search for the end anew at each beginning. */
function redactPrivateKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text
  let result = ''
  let from = 0
  for (;;) {
    keyBegin.lastIndex = from
    const begin = keyBegin.exec(text)
    if (begin === null) return result + text.slice(from)
    result += text.slice(from, begin.index) + redacted
    keyEnd.lastIndex = keyBegin.lastIndex
    // A key that is cut off is a key all the same.
    if (keyEnd.exec(text) === null) return result
    from = keyEnd.lastIndex
  }
}

const deepest = 20

/**
 * A copy of a JSON-like value with secrets replaced, by the names of members and by the shapes of strings.
 * What JSON cannot hold is turned into text: nothing that a handler notes may make its record fail.
 */
export function redactDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return copyMembers(details, [])
}

function copy(value: unknown, path: readonly object[]): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (path.includes(value)) return '[circular]'
  if (path.length >= deepest) return '[deeper]'
  if (value instanceof Error) return redactText(`${value.name}: ${value.message}`)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (Array.isArray(value)) return value.map((item) => copy(item, [...path, value]))
  return copyMembers(value, path)
}

function copyMembers(value: object, path: readonly object[]): Record<string, unknown> {
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => [
    redactText(key),
    isSecret(key, member) ? redacted : copy(member, [...path, value]),
  ])
  return Object.fromEntries(members) as Record<string, unknown>
}

/** A flag or an absent value under such a name gives nothing away and tells the reader something. */
const isSecret = (key: string, value: unknown): boolean =>
  value !== null &&
  value !== undefined &&
  typeof value !== 'boolean' &&
  value !== '' &&
  secretKey.test(key.replaceAll(/[^A-Za-z]/g, '').toLowerCase())
