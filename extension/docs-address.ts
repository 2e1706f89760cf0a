/**
 * The address of a page below the base of the settings; the base itself for the first page.
 * @returns undefined when the base is not an http or https address.
 */
export function docsAddress(base: string, page: string): string | undefined {
  const url = URL.parse(base)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  if (page === 'README.md') return url.href
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${page}`
  return url.href
}
