import { Failure } from '#base/failure.ts'

/**
 * Follows what an app depends on, and what that depends on.
 * @throws Failure `app-invalid` when it comes back to an app on the way, and whatever `needs` throws for a name that
 * nobody has.
 */
export function refuseCycle(app: string, needs: (app: string) => readonly string[]): void {
  const settled = new Set<string>()
  const follow = (name: string, way: readonly string[]): void => {
    if (settled.has(name)) return
    if (way.includes(name)) {
      const cycle = [...way.slice(way.indexOf(name)), name].join(' → ')
      throw new Failure('app-invalid', `${app} cannot be started: dependsOn goes in a circle, ${cycle}`)
    }
    for (const needed of needs(name)) follow(needed, [...way, name])
    settled.add(name)
  }
  follow(app, [])
}
