import { expect, test } from 'vitest'
import { outlineOf } from './outline.ts'

const of = (name: string, text: string) =>
  outlineOf(name, Buffer.from(text))?.map(({ path, line, value }) => `${line} ${path}=${value}`) ?? null

test('the keys of YAML, JSON and lines of assignments are told with their lines', () => {
  expect(
    of('quantum.config.yaml', 'admin:\n  run:\n    env: { A: "1" }\n  tags:\n    - x\n    - y: 2\n'),
  ).toEqual(['3 admin.run.env.A=1', '5 admin.tags[0]=x', '6 admin.tags[1].y=2'])
  expect(of('settings.json', '{\n "a": {"b": true},\n "c": []\n}')).toEqual(['2 a.b=true', '3 c=[]'])
  expect(of('.env', '# no\nexport A="x y"\nB=\n[db]\nport = 5432 \n')).toEqual([
    '2 A=x y',
    '3 B=',
    '5 db.port=5432',
  ])
})

test('what cannot be understood has no outline, and what is empty has no keys', () => {
  expect(of('a.json', '{"a": ')).toBeNull()
  expect(of('a.yaml', '')).toEqual([])
})
