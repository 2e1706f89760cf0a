/** The text of scan-code.ts, made of scan.assembly. */
export function compiledText(): Promise<string>
