import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const problemsOf = (job: string) => {
  const text = `admin:\n  jobs:\n    j:\n      command: x\n      ${job}\n`
  const { config, problems } = readConfig(Buffer.from(text), { file: 'q.yaml', environment: {} })
  return {
    read: config !== null,
    told: problems.map((one) => `${one.severity} ${one.line}:${one.column} ${one.message}`),
  }
}

test.each([
  [
    'schedule: 99 * * * *',
    /^error 5:17 admin\.jobs\.j\.schedule: expected five fields .*"99 \* \* \* \*".*minute: 99$/,
  ],
  ['schedule: 0 25 * * *', /hour: 25$/],
  ['schedule: 0 3 * * moon', /^error 5:17 admin\.jobs\.j\.schedule: .*"0 3 \* \* moon"/],
  ['schedule: 0 3 * *', /expected five fields of cron/],
  ['schedule: "@daily"', /expected five fields of cron/],
  ['schedule: "* * * * * *"', /expected five fields of cron/],
  ['timezone: Mars/Olympus', /^error 5:17 admin\.jobs\.j\.timezone: expected a time zone .*"Mars\/Olympus"$/],
  ['overlap: maybe', /expected skip or allow/],
  ['missed: all', /expected once or skip/],
])('%s is an error that names its place', (job, expected) => {
  const { read, told } = problemsOf(job)
  expect(read).toBe(false)
  expect(told).toEqual([expect.stringMatching(expected)])
})

test.each(['0 3 31 2 *', '0 3 30,31 feb *', '* * 31 4-6/2 *', '0 0 31 2,4,6,9,11 *'])(
  '%s never comes, which is a warning with its place',
  (schedule) => {
    const { read, told } = problemsOf(`schedule: '${schedule}'`)
    expect(read).toBe(true)
    expect(told).toEqual([expect.stringMatching(/^warning 5:17 admin\.jobs\.j\.schedule: .* never comes/)])
  },
)

test.each(['0 3 29 2 *', '0 3 31 2 1', '0 3 31 1,2 *', '*/5 8-18 * * mon-fri', '0 0 L 2 *', '0 0 1 jan *'])(
  '%s comes, and nothing is told',
  (schedule) => expect(problemsOf(`schedule: '${schedule}'`)).toEqual({ read: true, told: [] }),
)
