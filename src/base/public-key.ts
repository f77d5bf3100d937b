// What a public key is, and what a request for a certificate (PKCS #10) is signed with: just enough DER to read them.

import { type DerElement, derElements, derTag, hexOf } from './der.ts';

export type PublicKeyFacts =
  | { readonly type: 'ed25519' }
  | { readonly type: 'ecdsa'; readonly curve: string }
  | { readonly type: 'rsa'; readonly bits: number }
  | { readonly type: 'other' };

const curves: Readonly<Record<string, string>> = {
  '2b81040021': 'P-224',
  '2a8648ce3d030107': 'P-256',
  '2b81040022': 'P-384',
  '2b81040023': 'P-521',
};

/** Undefined when the bytes are no SubjectPublicKeyInfo, or one of a sort nobody knows. */
export const readPublicKey = (bytes: Uint8Array): PublicKeyFacts | undefined => orNone(() => keyIn(bytes));

function keyIn(bytes: Uint8Array): PublicKeyFacts | undefined {
  const [outer, ...rest] = derElements(bytes);
  const [algorithm, key] = insideOf(outer);
  const [id, parameters] = insideOf(algorithm);
  if (rest.length > 0 || key?.tag !== derTag.bitString || id?.tag !== derTag.objectId) return undefined;
  const bits = key.content.subarray(1);
  switch (hexOf(id.content)) {
    case '2b6570':
      return bits.length === 32 ? { type: 'ed25519' } : undefined;
    case '2a8648ce3d0201': {
      const curve = curves[hexOf(parameters?.content ?? new Uint8Array())];
      return curve === undefined ? undefined : { type: 'ecdsa', curve };
    }
    case '2a864886f70d010101':
      return { type: 'rsa', bits: modulusBits(bits) };
    case '2b656e':
      return { type: 'other' };
    default:
      return undefined;
  }
}

/** Whole bytes, as Go counts them. */
function modulusBits(bits: Uint8Array): number {
  const [modulus] = insideOf(derElements(bits)[0]);
  if (modulus?.tag !== derTag.integer) throw new RangeError('no modulus');
  const leading = modulus.content[0] === 0 ? 1 : 0;
  return (modulus.content.length - leading) * 8;
}

export interface SignedRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** What is signed. */
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
}

const hashes: Readonly<Record<string, SignedRequest['hash']>> = {
  '2b6570': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
};

/** SEQUENCE { SEQUENCE { version, subject, key, attributes }, algorithm, signature }. Undefined when the bytes are no such request. */
export const readSignedRequest = (bytes: Uint8Array): SignedRequest | undefined =>
  orNone(() => {
    const [outer, ...rest] = derElements(bytes);
    const [info, algorithm, signature] = insideOf(outer);
    const [version, , key] = insideOf(info);
    const [id] = insideOf(algorithm);
    const hash = hashes[hexOf(id?.content ?? new Uint8Array())];
    if (rest.length > 0 || version?.tag !== derTag.integer || key?.tag !== derTag.sequence) return undefined;
    if (!info || signature?.tag !== derTag.bitString || !hash) return undefined;
    return { publicKey: key.whole, data: info.whole, signature: signature.content.subarray(1), hash };
  });

function insideOf(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== derTag.sequence) throw new RangeError('no sequence');
  return derElements(element.content);
}

function orNone<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
