import { expect, test } from 'vitest'
import { substitute } from './config-variables.ts'

const environment = { NAME: 'shop', EMPTY: '', SUM: '1 + 1 = $$2 ${NAME}' }

test.each([
  ['${NAME}', 'shop'],
  ['a-${NAME}-${NAME}', 'a-shop-shop'],
  ['${NAME:-other}', 'shop'],
  ['${NONE:-other}', 'other'],
  ['${NONE:-}', ''],
  ['${EMPTY}', ''],
  ['${EMPTY:-other}', 'other'],
  ['${NONE:-http://localhost:8080/}', 'http://localhost:8080/'],
  ['$$', '$'],
  ['$${NAME}', '${NAME}'],
  ['$NAME costs 5$', '$NAME costs 5$'],
  ['${SUM}', '1 + 1 = $$2 ${NAME}'],
])('%s becomes %s', (value, text) => {
  expect(substitute(value, environment, false)).toEqual({ text, problems: [] })
})

test.each(['NONE', 'toString', '__proto__'])('the variable %s, which is not set, is an error', (name) => {
  const { problems } = substitute(`x \${${name}}`, environment, false)
  expect(problems).toEqual([
    {
      severity: 'error',
      reference: `\${${name}}`,
      code: 'unset-variable',
      meant: null,
      message: `the variable ${name} is not set; set it, or give it a default: \${${name}:-default}`,
    },
  ])
})

test.each([
  ['${NAME:other}', /single colon makes no default.*\$\{NAME:-default\}/],
  ['${NAME', /this is no variable/],
  ['${}', /this is no variable/],
  ['${1}', /this is no variable/],
  ['${NAME:-${OTHER}}', /this is no variable/],
])('%s is kept as it is, with a warning', (value, message) => {
  const { text, problems } = substitute(value, environment, false)
  expect(text).toBe(value)
  expect(problems).toMatchObject([{ severity: 'warning', message: expect.stringMatching(message) }])
})

test.each([
  ['serve $PORT $NAME', 'serve $PORT $NAME'],
  ['serve ${PORT}', 'serve ${PORT}'],
  ['serve ${PORT:-8080}', 'serve ${PORT:-8080}'],
  ['serve ${NAME} ${NAME:-other}', 'serve ${NAME} ${NAME:-other}'],
  ['serve $${NONE}', 'serve ${NONE}'],
  ['serve ${NONE:?say which}', 'serve ${NONE:?say which}'],
  ['serve ${NAME#s} ${NAME:0:2}', 'serve ${NAME#s} ${NAME:0:2}'],
])('the command `%s` becomes `%s` before the shell reads it', (value, text) => {
  expect(substitute(value, environment, true)).toEqual({ text, problems: [] })
})

test('a command can be told to leave a variable to the shell', () => {
  const { problems } = substitute('serve ${NONE}', environment, true)
  expect(problems).toMatchObject([{ message: expect.stringMatching(/or leave it to the shell: \$NONE$/) }])
})
