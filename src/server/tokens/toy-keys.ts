// Keys for where nobody can forge: inside one process, in tests and simulations.

import { base64Url, bytesOfBase64Url, textOf, utf8 } from '../../base/bytes.ts';
import type { Claims, KeyMaker } from './key-maker.ts';

/** Tokens in the right form, whose signature is a word. */
export const toyKeys: KeyMaker = {
  caCertificate: 'CA',
  sign: async (claims) => `h.${base64Url(utf8(JSON.stringify(claims)))}.signed`,
  async verify(token) {
    const [, body = '', signature] = token.split('.');
    const bytes = bytesOfBase64Url(body);
    return signature === 'signed' && bytes ? (JSON.parse(textOf(bytes)) as Claims) : undefined;
  },
  keySet: () => ({ keys: [] }),
  sha256: async (bytes) => bytes,
};
