/**
 * Whether `path` stays within the service: one slash at its beginning, and nothing that a parser between here and the provider could
 * take for the beginning of another address. `//evil.example/` is one to every URL parser, `/\evil.example/` to those of browsers, and
 * undici takes an absolute URL for a path and goes where it says.
 */
export function isTarget(path: unknown): path is string {
  return typeof path === 'string' && /^\/(?![/\\])[!-~\u0080-\u00ff]*$/.test(path);
}
