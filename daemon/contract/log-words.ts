// Without zod, so that the command line and the views need not load it.

/** How grave a line is, in rising order. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof logLevels)[number]

/** What kind of program speaks in a line. */
export const logKinds = ['application', 'database', 'access'] as const
export type LogKind = (typeof logKinds)[number]

/** How logs are forwarded: by Loki's own protocol, or by OpenTelemetry's over HTTP. */
export const forwardKinds = ['loki', 'otlp'] as const
export type ForwardKind = (typeof forwardKinds)[number]

/** Lines that one page may hold. */
export const mostLogLines = 1000
/** UTF-16 units of a query. */
export const longestLogQuery = 4096
