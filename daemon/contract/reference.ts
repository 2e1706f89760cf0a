import * as z from 'zod/mini'

/** What a person may call a secret or a connector. */
export const plainName = z
  .string()
  .check(
    z.maxLength(100),
    z.regex(
      /^[A-Za-z0-9][\w.-]*$/,
      'expected letters, digits and . _ - only, beginning with a letter or digit',
    ),
  )

/** Where a password comes from: never what it is. */
export const passwordReference = z
  .string()
  .check(
    z.maxLength(200),
    z.regex(
      /^(?:secret:[A-Za-z0-9][\w.-]*|\$\{[A-Za-z_]\w*\})$/,
      'expected where the password comes from: secret:NAME, or ${NAME} for a variable',
    ),
  )
