// SPDY/3.1's header blocks: names and values, deflated with the dictionary that the protocol prescribes. One state for each direction of a connection.

import { Deflate, Inflate, Z_SYNC_FLUSH } from 'pako';
import { concat, textOf, utf8 } from '../../../base/bytes.ts';

/** The words of the protocol's dictionary, each preceded by its length there. */
const words = [
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow',
  'authorization cache-control connection content-base content-encoding content-language content-length content-location',
  'content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match',
  'if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range',
  'referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get',
  'status',
]
  .join(' ')
  .split(' ')
  .concat('200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin');

const text = [
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505',
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden',
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable',
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT',
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,',
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
].join('');

export const dictionary: Uint8Array = concat(...words.flatMap((word) => [length(word.length), utf8(word)]), utf8(text));

/** What one block may hold, in bytes. */
const largestBlock = 64 * 1024;

export type Headers = ReadonlyMap<string, string>;

/** Reads one block after another. @throws RangeError where a block is broken or too large */
export function headerReader(): (block: Uint8Array) => Headers {
  const inflate = new Inflate({ dictionary });
  let parts: Uint8Array[] = [];
  let size = 0;
  inflate.onData = (chunk) => {
    const part = chunk as Uint8Array;
    size += part.length;
    if (size > largestBlock) throw new RangeError('a header block is too large');
    parts.push(part);
  };
  return (block) => {
    [parts, size] = [[], 0];
    if (!inflate.push(block, Z_SYNC_FLUSH)) throw new RangeError('a header block cannot be inflated');
    return readPairs(concat(...parts));
  };
}

export function headerWriter(): (headers: Headers) => Uint8Array {
  const deflate = new Deflate({ dictionary });
  let parts: Uint8Array[] = [];
  deflate.onData = (chunk) => void parts.push(chunk as Uint8Array);
  return (headers) => {
    parts = [];
    const pairs = [...headers].flatMap(([name, value]) => [name, value]).map(utf8);
    deflate.push(concat(length(headers.size), ...pairs.flatMap((each) => [length(each.length), each])), Z_SYNC_FLUSH);
    return concat(...parts);
  };
}

function length(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readPairs(bytes: Uint8Array): Headers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 4;
  const next = (): string => {
    const from = at + 4;
    at = from + view.getUint32(at);
    if (at > bytes.length) throw new RangeError('a header block ends too early');
    return textOf(bytes.subarray(from, at));
  };
  const headers = new Map<string, string>();
  for (let count = view.getUint32(0); count > 0; count--) headers.set(next().toLowerCase(), next());
  return headers;
}
