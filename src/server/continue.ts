// Continue tokens: where the next page of a list begins, as upstream encodes it.

import { base64Url, bytesOfBase64Url, textOf, utf8 } from '../base/bytes.ts';
import { badRequest } from '../api/status.ts';
import type { Revision } from '../store/store.ts';

const tokenVersion = 'meta.k8s.io/v1';

/** `start` is the last key given, below the list's prefix; revision -1 means "as of whenever asked". */
export function encodeContinue(revision: Revision, start: string): string {
  const text = JSON.stringify({ v: tokenVersion, rv: revision, start: `${start}\u0000` });
  return base64Url(utf8(text));
}

export function decodeContinue(token: string): { revision: Revision; start: string } {
  const parsed = parseToken(token);
  if (parsed.v !== tokenVersion)
    throw refused(`server does not recognize this encoded version ${typeof parsed.v === 'string' ? parsed.v : ''}`);
  if (typeof parsed.rv !== 'number' || parsed.rv === 0)
    throw refused(`incorrect encoded start resourceVersion (version ${tokenVersion})`);
  if (typeof parsed.start !== 'string' || parsed.start === '')
    throw refused(`encoded start key empty (version ${tokenVersion})`);
  const start = parsed.start.endsWith('\0') ? parsed.start.slice(0, -1) : parsed.start;
  if (start.split('/').includes('..')) throw refused(parsed.start);
  return { revision: parsed.rv, start };
}

function parseToken(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  const odd = token.search(/[^A-Za-z0-9_-]/);
  if (odd >= 0) throw refused(`illegal base64 data at input byte ${odd}`);
  const bytes = bytesOfBase64Url(token) ?? new Uint8Array();
  try {
    return JSON.parse(textOf(bytes)) as { v?: unknown; rv?: unknown; start?: unknown };
  } catch {
    throw refused(`invalid character ${quotedByte(bytes[0] ?? 0)} looking for beginning of value`);
  }
}

/** A byte as Go's JSON errors quote it, which take it for a character. */
function quotedByte(code: number): string {
  const printable = code >= 0x20 && (code < 0x7f || code >= 0xa0);
  return printable ? `'${String.fromCodePoint(code)}'` : `'\\u${code.toString(16).padStart(4, '0')}'`;
}

const refused = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
