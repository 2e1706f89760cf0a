import { keepCompiled } from './compile-cache.ts'

// Before anything else is loaded, so that all of it is kept.
keepCompiled()
void import('./run.ts').then(({ main }) => main())
