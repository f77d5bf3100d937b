// Addresses of the web: `url('https://example.com/a').getHost()`.

import { declare, type FunctionDeclaration, type Library, member, namedObject, overload } from '../environment.ts';
import { boolType, listOf, mapOf, stringType } from '../types.ts';
import { CelError, listOfStrings, mapOfEntries, Opaque, type Result, type Value } from '../values.ts';
import { escapedPath, type GoUrl, hostname, parseRequestUri, port, queryOf } from '../../../base/go-url.ts';

export const urlType = namedObject('kubernetes.URL');

function parse(text: string): Result {
  const parsed = parseRequestUri(text);
  if (typeof parsed === 'string') return new CelError(`URL parse error during conversion from string: ${parsed}`);
  // Read as a request, a fragment would be a part of what stands before it.
  const [whole = ''] = text.split('#', 1);
  const read = whole === text ? parsed : parseRequestUri(whole);
  return new Opaque(urlType.name, typeof read === 'string' ? parsed : read, parsed.text);
}

const urlOf = (value: Value | undefined): GoUrl => (value as Opaque<GoUrl>).data;

const part = (name: string, id: string, read: (url: GoUrl) => string): FunctionDeclaration =>
  declare(
    name,
    member(`url_get_${id}`, [urlType], stringType, (url) => read(urlOf(url))),
  );

const query = (url: GoUrl): Value =>
  mapOfEntries(Array.from(queryOf(url), ([name, values]) => [name, listOfStrings(values)] as const));

export const urlsLibrary: Library = {
  types: { [urlType.name]: urlType },
  functions: [
    declare(
      'url',
      overload('string_to_url', [stringType], urlType, (text) => parse(text as string)),
    ),
    declare(
      'isURL',
      overload('is_url_string', [stringType], boolType, (text) => typeof parseRequestUri(text as string) !== 'string'),
    ),
    part('getScheme', 'scheme', (url) => url.scheme),
    part('getHost', 'host', (url) => url.host),
    part('getHostname', 'hostname', hostname),
    part('getPort', 'port', port),
    part('getEscapedPath', 'escaped_path', escapedPath),
    declare(
      'getQuery',
      member('url_get_query', [urlType], mapOf(stringType, listOf(stringType)), (url) => query(urlOf(url))),
    ),
  ],
};
