/**
 * Where a request goes on to: read from the very characters that the caller sent.
 *
 * A path that is decoded here and once more there can mean two things, and what is composed by `new URL()` can leave for another host
 * (`//evil.example/`). So nothing is decoded or composed: the prefix is cut off, the rest passes as it is, and what somebody behind might take
 * for something else is refused: dot segments in any spelling, backslashes, controls, fragments.
 */
import { isTarget } from '@lb/balancer';

export interface ProxyTarget {
  readonly service: string;
  /** Path and query. */
  readonly path: string;
}

/**
 * The target of `url` under `prefix`; undefined when it is not to be passed on. Without `service` the first segment of the path names
 * it, in plain characters.
 */
export function proxyTarget(url: string, prefix: string, service: string | undefined): ProxyTarget | undefined {
  if (!url.startsWith(prefix)) return undefined;
  let rest = url.slice(prefix.length);
  let name = service;
  if (name === undefined) {
    const [segment = '', found] = /^\/([A-Za-z0-9][\w.-]{0,127})(?=[/?]|$)/.exec(rest) ?? [];
    name = found;
    rest = rest.slice(segment.length);
  }
  if (rest === '' || rest.startsWith('?')) rest = `/${rest}`;
  if (name === undefined || !isTarget(rest) || hasDotSegment(rest) || /[#\\]|%00/.test(rest)) return undefined;
  return { service: name, path: rest };
}

/**
 * Whether a segment of the path is `.` or `..`, which parsers resolve at different times. A slash in escapes is one to whoever decodes
 * the path before that: `..%2fadmin` is a step up for some, and a name for others (CVE-2026-6414).
 */
function hasDotSegment(path: string): boolean {
  const [before = ''] = path.split('?', 1);
  return before.split(/\/|%2f|%5c/i).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}
