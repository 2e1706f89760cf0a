import type { Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import { textOf } from './project-text.ts'

/** How a Python app is run, with the interpreter of its own virtual environment where it has one. */
export function pythonApp(project: ProjectFolder): Sourced<string> | null {
  const python = project.names.includes('.venv/') ? '.venv/bin/python' : 'python3'
  if (project.names.includes('manage.py'))
    return usual(`${python} manage.py runserver 127.0.0.1:$PORT`, 'Django apps (manage.py)')
  const file = ['app.py', 'main.py'].find((name) => project.names.includes(name))
  if (file === undefined) return null
  const text = textOf(project, file) ?? ''
  const module = file.slice(0, -'.py'.length)
  // FastAPI comes first: it can carry a Flask app inside, and not the other way round.
  if (/\bFastAPI\b/.test(text))
    return usual(`${python} -m uvicorn ${module}:${variableOf(text)} --port $PORT`, `FastAPI apps (${file})`)
  if (/\bFlask\b/.test(text))
    return usual(`${python} -m flask --app ${module} run --port $PORT`, `Flask apps (${file})`)
  return usual(`${python} ${file}`, `Python apps (${file})`)
}

const usual = (value: string, of: string): Sourced<string> => ({
  value,
  source: 'default',
  where: `default of ${of}`,
})

/** What the file calls its app: `api = FastAPI()`. */
const variableOf = (text: string): string =>
  /^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\.)?FastAPI\(/m.exec(text)?.[1] ?? 'app'
