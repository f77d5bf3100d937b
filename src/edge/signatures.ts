// Whether a signature is one of a public key's, as the machine's cryptography says.

import { constants, createPublicKey, verify } from 'node:crypto';
import type { SignedBytes } from '../api/kind.ts';

export function verifySignature({ key, data, signature, hash, padding }: SignedBytes): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
    if (publicKey.asymmetricKeyType === 'ed25519') return verify(null, data, publicKey, signature);
    if (publicKey.asymmetricKeyType === 'ec') return verify(hash, data, publicKey, signature);
    const scheme = padding === 'pss' ? pss : { padding: constants.RSA_PKCS1_PADDING };
    return verify(hash, data, { key: publicKey, ...scheme }, signature);
  } catch {
    // A key or a signature that is none verifies nothing.
    return false;
  }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
