// PEM in fields of bytes: which blocks are in it.

import { bytesOfBase64 } from '../../base/bytes.ts';

/** The types of the blocks, in order. */
export const pemTypes = (text: string): string[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s[\s\S]*?-----END \1-----/g)].map(([, type = '']) => type);

export interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

/** The blocks with what is in them, in order. What is no Base64 makes no block. */
export const pemBlocks = (text: string): PemBlock[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s([\s\S]*?)-----END \1-----/g)].flatMap(
    ([, type = '', inside = '']) => {
      const headers = /^(?:[^\n:]+:[^\n]*\n)+/.exec(inside)?.[0] ?? '';
      const bytes = bytesOfBase64(inside.slice(headers.length).replace(/\s/g, ''));
      return bytes ? [{ type, hasHeaders: headers !== '', bytes }] : [];
    },
  );

/** Base64 as text, a character for each byte; empty for what is none. */
export function textOfBase64(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
