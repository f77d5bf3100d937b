// Addresses of the web as Go's net/url reads and writes them: those of requests (absolute, or a path), and those that pages refer to.

export interface GoUrl {
  readonly text: string;
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
  readonly rawPath: string;
  readonly rawQuery: string;
}

class Refusal extends Error {}

/** What is wrong, as Go says it, or the parts. */
export function parseRequestUri(text: string): GoUrl | string {
  try {
    return read(text);
  } catch (failure) {
    if (failure instanceof Refusal) return `parse ${JSON.stringify(text)}: ${failure.message}`;
    throw failure;
  }
}

function refuseControls(text: string): void {
  const control = (code: number) => code < 0x20 || code === 0x7f;
  if (Array.from(text).some((point) => control(point.charCodeAt(0)))) {
    throw new Refusal('net/url: invalid control character in URL');
  }
}

function read(text: string): GoUrl {
  refuseControls(text);
  if (text === '') throw new Refusal('empty url');
  if (text === '*') return { text, scheme: '', host: '', rawPath: '*', rawQuery: '' };
  const [scheme, rest] = cutScheme(text);
  const question = rest.indexOf('?');
  const [hierarchy, rawQuery] = question < 0 ? [rest, ''] : [rest.slice(0, question), rest.slice(question + 1)];
  if (!hierarchy.startsWith('/')) {
    if (scheme !== '') return { text, scheme, host: '', rawPath: '', rawQuery };
    throw new Refusal('invalid URI for request');
  }
  if (scheme === '' || !hierarchy.startsWith('//'))
    return { text, scheme, host: '', rawPath: checkedPath(hierarchy), rawQuery };
  const slash = hierarchy.indexOf('/', 2);
  const [authority, path] = slash < 0 ? [hierarchy.slice(2), ''] : [hierarchy.slice(2, slash), hierarchy.slice(slash)];
  return { text, scheme, host: hostOf(authority), rawPath: checkedPath(path), rawQuery };
}

function cutScheme(text: string): readonly [scheme: string, rest: string] {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (match) return [match[1]?.toLowerCase() ?? '', text.slice(match[0].length)];
  if (text.startsWith(':')) throw new Refusal('missing protocol scheme');
  return ['', text];
}

function hostOf(authority: string): string {
  const at = authority.lastIndexOf('@');
  if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) {
    throw new Refusal('net/url: invalid userinfo');
  }
  const host = authority.slice(at + 1);
  const bracketed = host.startsWith('[');
  const close = host.lastIndexOf(']');
  if (bracketed && close < 0) throw new Refusal("missing ']' in host");
  const colon = bracketed ? close + 1 : host.lastIndexOf(':');
  const port = colon < 0 ? '' : host.slice(colon);
  if (!/^(?::\d*)?$/.test(port)) throw new Refusal(`invalid port ${JSON.stringify(port)} after host`);
  const odd = /[ "<>\\^`{|}]/.exec(host)?.[0] ?? (bracketed ? undefined : /[[\]]/.exec(host)?.[0]);
  if (odd) throw new Refusal(`invalid character ${JSON.stringify(odd)} in host name`);
  return host;
}

function checkedPath(path: string): string {
  const odd = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path)?.[0];
  if (odd !== undefined) throw new Refusal(`invalid URL escape ${JSON.stringify(odd)}`);
  return path;
}

/** Without brackets and port. */
export function hostname({ host }: GoUrl): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.replace(/:\d*$/, '');
}

export const port = ({ host }: GoUrl): string => /:(\d*)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? '';

/** As written where that is right, else escaped anew. */
export const escapedPath = ({ rawPath }: Pick<GoUrl, 'rawPath'>): string =>
  /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/%]*$/.test(rawPath) ? rawPath : escapePath(decoded(rawPath) ?? rawPath);

/** A path that is not escaped yet. */
export const escapePath = (path: string): string =>
  encodeURIComponent(path)
    .replace(/%(?:2F|24|26|2B|3A|3D|40|2C|3B)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** What a page or a header refers to. */
export interface UrlReference {
  readonly scheme: string;
  /** With the user before it, and the port. */
  readonly authority: string;
  /** With the port. */
  readonly host: string;
  readonly rawPath: string;
  /** What follows the path: the query with its mark, and the fragment with its own. */
  readonly tail: string;
  /** What follows the scheme, where that is no path: `mailto:somebody`. */
  readonly opaque: string;
}

/** As url.Parse reads it: it may be relative, or empty. Undefined: it is refused. */
export function parseReference(text: string): UrlReference | undefined {
  try {
    return readReference(text);
  } catch (failure) {
    if (failure instanceof Refusal) return undefined;
    throw failure;
  }
}

function readReference(text: string): UrlReference {
  refuseControls(text);
  const [scheme, rest] = cutScheme(text);
  const end = /[?#]|$/.exec(rest)?.index ?? rest.length;
  const [hierarchy, tail] = [rest.slice(0, end), rest.slice(end)];
  if (/#.*%(?![0-9a-fA-F]{2})/.test(tail)) throw new Refusal('invalid URL escape in fragment');
  if (scheme !== '' && !hierarchy.startsWith('/'))
    return { scheme, authority: '', host: '', rawPath: '', tail, opaque: hierarchy };
  if (scheme === '' && /^[^/]*:/.test(hierarchy)) throw new Refusal('first path segment in URL cannot contain colon');
  const hasAuthority = hierarchy.startsWith('//') && (scheme !== '' || !hierarchy.startsWith('///'));
  const slash = hasAuthority ? (hierarchy + '/').indexOf('/', 2) : 0;
  const [authority, path] = [hasAuthority ? hierarchy.slice(2, slash) : '', hierarchy.slice(slash)];
  const rawPath = checkedPath(path);
  return { scheme, authority, host: authority === '' ? '' : hostOf(authority), rawPath, tail, opaque: '' };
}

/** As URL.String writes it. */
export function referenceText({ scheme, authority, rawPath, tail, opaque }: UrlReference): string {
  const lead = scheme === '' ? '' : `${scheme}:`;
  if (opaque !== '') return lead + opaque + tail;
  const path = escapedPath({ rawPath });
  const slashes = authority !== '' || (scheme !== '' && path !== '') ? '//' : '';
  return (
    lead + slashes + authority + (path !== '' && !path.startsWith('/') && authority !== '' ? '/' : '') + path + tail
  );
}

export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Values by name, in the order written; what cannot be read is left out. */
export function queryOf({ rawQuery }: GoUrl): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const [key, text] = [decoded(name.replaceAll('+', ' ')), decoded(value.replaceAll('+', ' '))];
    if (key !== undefined && text !== undefined) values.set(key, [...(values.get(key) ?? []), text]);
  }
  return values;
}
