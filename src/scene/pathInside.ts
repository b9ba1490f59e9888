/** Files that another file names: found from a folder, and never outside of it. Node only. */

/**
 * The real path of `place` in `folder` (itself a real path); null where there is no such file, 'outside' where the path leaves the
 * folder: absolute, with a drive or backslashes, by `..`, or by a link.
 */
export async function pathInside(folder: string, place: string): Promise<{ path: string } | 'outside' | null> {
  const { realpath, stat } = await import('node:fs/promises')
  const { isAbsolute, join, posix, relative } = await import('node:path')
  const key = posix.normalize(place)
  if (isAbsolute(place) || /^[a-zA-Z]:|\\/.test(place) || key === '..' || key.startsWith('../')) return 'outside'
  const path = await realpath(join(folder, key)).catch(() => null)
  if (path === null || !(await stat(path)).isFile()) return null
  const inside = relative(folder, path)
  return isAbsolute(inside) || inside === '..' || /^\.\.[/\\]/.test(inside) ? 'outside' : { path }
}
