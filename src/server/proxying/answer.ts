// An answer on its way back through a proxy: links lead through the proxy again, and what is between two neighbours only is left out.

import { connectionHeaders } from '../outgoing/connection-headers.ts';
import { deflateRaw, gzip, Inflate } from 'pako';
import { concat, strictTextOf, utf8 } from '../../base/bytes.ts';
import { ApiError, internalError } from '../../api/status.ts';
import type { ProxyAnswer } from '../kubelets.ts';
import { rewriteLinks } from './html.ts';
import { type Passage, throughProxy } from './links.ts';

/** About one connection, or whole answers, which are ours to send; whose pages may read it is for this server to say. */
const ownHeaders = new Set([
  ...connectionHeaders,
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'content-length',
]);

export async function passedBack(answer: ProxyAnswer, passage: Passage): Promise<ProxyAnswer> {
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !ownHeaders.has(name)));
  if (headers.location) return { ...answer, headers: { ...headers, location: placeOf(headers.location, passage) } };
  const isPage = headers['content-type']?.split(';')[0]?.trim() === 'text/html';
  const body = isPage ? await rewritten(answer.body, headers['content-encoding'] ?? '', passage) : answer.body;
  return { ...answer, headers, body };
}

function placeOf(location: string, passage: Passage): string {
  const place = throughProxy(location, passage);
  if (place === undefined)
    throw internalError(`error trying to parse Location header: parse ${JSON.stringify(location)}`);
  return place;
}

interface Coding {
  /** @throws RangeError where they are broken, or too large */
  read(bytes: Uint8Array): Uint8Array;
  write(bytes: Uint8Array): Uint8Array;
  /** What Go says of broken ones. */
  readonly fault: string;
}

const asItIs = (bytes: Uint8Array): Uint8Array => bytes;

/** Others cannot be read, and pass as they are. `deflate` is without a head, as in Go. */
const codings: Readonly<Record<string, Coding>> = {
  '': { read: asItIs, write: asItIs, fault: '' },
  gzip: {
    read: (bytes) => inflated(bytes, false),
    write: (bytes) => gzip(bytes),
    fault: 'errorf making gzip reader: gzip: invalid header',
  },
  deflate: {
    read: (bytes) => inflated(bytes, true),
    write: (bytes) => deflateRaw(bytes, { level: 9 }),
    fault: 'unexpected EOF',
  },
};

/** What a page may hold, in bytes. */
const largestPage = 64 * 1024 * 1024;

function inflated(bytes: Uint8Array, raw: boolean): Uint8Array {
  const inflate = new Inflate({ raw });
  const parts: Uint8Array[] = [];
  let size = 0;
  inflate.onData = (chunk) => {
    size += chunk.length;
    if (size > largestPage) throw new RangeError('the page is too large');
    parts.push(chunk);
  };
  if (!inflate.push(bytes, true)) throw new RangeError('the page is broken');
  return concat(...parts);
}

/** Pages that are no UTF-8 stay as they are. */
async function rewritten(body: Uint8Array, encoding: string, passage: Passage): Promise<Uint8Array> {
  const coding = codings[encoding];
  if (!coding || body.length === 0) return body;
  const page = strictTextOf(plain(body, coding));
  if (page === undefined) return body;
  return coding.write(utf8(await rewriteLinks(page, (link) => throughProxy(link, passage))));
}

function plain(body: Uint8Array, { read, fault }: Coding): Uint8Array {
  try {
    return read(body);
  } catch (error) {
    if (error instanceof RangeError) throw new ApiError(500, '', fault);
    throw error;
  }
}
