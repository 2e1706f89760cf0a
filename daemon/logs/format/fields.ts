export const fieldsOf = (
  line: string,
  _format: string,
): { message: string; fields: Readonly<Record<string, string>> } => ({ message: line, fields: {} })
