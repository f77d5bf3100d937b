// Where links lead in what comes back through a proxy: paths of the place behind it get the proxy's own path in front.

import { decoded, escapePath, parseReference, referenceText } from '../../base/go-url.ts';

export interface Passage {
  /** Of the proxy itself, not escaped: `/api/v1/namespaces/a/pods/web/proxy`. */
  readonly prefix: string;
  /** What is behind it: `10.0.0.1:80`. */
  readonly backend: string;
  /** The name under which the client knows this server. */
  readonly host: string;
}

/** The link to follow instead. Undefined: it is none that Go can read. */
export function throughProxy(link: string, { prefix, backend, host }: Passage): string | undefined {
  const reference = parseReference(link);
  if (!reference) return undefined;
  const { rawPath } = reference;
  const isElsewhere = reference.host !== '' && reference.host !== backend && reference.host !== host;
  if (isElsewhere || !rawPath.startsWith('/')) return referenceText(reference);
  const isOwn = reference.host !== '' && reference.host === host;
  const near = isOwn ? reference : { ...reference, scheme: '', authority: '' };
  const path = decoded(rawPath) ?? rawPath;
  return referenceText(path.startsWith(prefix) ? near : { ...near, rawPath: escapePath(joined(prefix, path)) });
}

/** As Go's path.Join: without `.`, `..` and double slashes, but with the slash at the end. */
function joined(prefix: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${prefix}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}${path.endsWith('/') ? '/' : ''}`;
}
