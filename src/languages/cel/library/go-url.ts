// Addresses of the web as Go's url.ParseRequestURI reads them: absolute, or a path, as in a request.

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

function read(text: string): GoUrl {
  const control = (code: number) => code < 0x20 || code === 0x7f;
  if (Array.from(text).some((point) => control(point.charCodeAt(0)))) {
    throw new Refusal('net/url: invalid control character in URL');
  }
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
export function escapedPath({ rawPath }: GoUrl): string {
  if (/^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/%]*$/.test(rawPath)) return rawPath;
  return encodeURIComponent(decoded(rawPath) ?? rawPath)
    .replace(/%(?:2F|24|26|2B|3A|3D|40|2C|3B)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
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

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
