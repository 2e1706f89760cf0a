const octets = [169, 254, 169, 254]
export const asNumber = octets.reduce((sum, octet) => sum * 256 + octet, 0)

/**
 * Addresses under which clouds tell keys, one of them in all the ways that inet_aton and the URL parser read it: one to four
 * parts, each decimal, octal or hexadecimal.
 */
export function forbiddenSpellings(): readonly string[] {
  const forms = [
    (part: number) => String(part),
    (part: number) => `0${part.toString(8)}`,
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0X${part.toString(16).toUpperCase()}`,
  ]
  const [a = 0, b = 0] = octets
  const divided = [[asNumber], [a, asNumber % 2 ** 24], [a, b, asNumber % 2 ** 16], octets]
  const v4 = divided.flatMap((parts) =>
    parts.reduce<string[]>(
      (texts, part) =>
        texts.flatMap((text) => forms.map((form) => (text === '' ? form(part) : `${text}.${form(part)}`))),
      [''],
    ),
  )
  const v6 = [
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    'fe80::1',
    'fd00:ec2::254',
  ]
  const others = [
    '168.63.129.16',
    '100.100.100.200',
    'metadata.google.internal',
    'METADATA.GOOGLE.INTERNAL.',
    'metadata.goog',
  ]
  return [...v4, ...v4.map((one) => `${one}.`), ...v6.map((one) => `[${one}]`), ...others]
}
