// Whether who asks for a pod's certificate has the private key: a signature over the pod's uid, or a request signed with it.

import { bytesOfBase64, utf8 } from '../../base/bytes.ts';
import { type PublicKeyFacts, readPublicKey, readSignedRequest } from '../../base/public-key.ts';
import { type Issue, invalid, tooLong } from '../../api/issues.ts';
import type { KindContext } from '../../api/kind.ts';
import type { PodCertificateRequestSpec } from '../generated/types/certificates-v1beta1.ts';

type Verifier = Pick<KindContext, 'verifySignature'>;

const largest = 10 * 1024;
const fields = {
  key: 'spec.pkixPublicKey',
  proof: 'spec.proofOfPossession',
  stub: 'spec.stubPKCS10Request',
};

const bytesOf = (text: string | undefined): Uint8Array => bytesOfBase64(text ?? '') ?? new Uint8Array();

export function proofIssues(spec: Partial<PodCertificateRequestSpec>, world: Verifier): Issue[] {
  return spec.stubPKCS10Request ? stubIssues(spec, world) : keyIssues(spec, world);
}

function stubIssues(spec: Partial<PodCertificateRequestSpec>, { verifySignature }: Verifier): Issue[] {
  const both = 'must be empty when spec.stubPKCS10Request is set';
  const bytes = bytesOf(spec.stubPKCS10Request);
  if (spec.pkixPublicKey) return [invalid(fields.key, spec.pkixPublicKey, both)];
  if (spec.proofOfPossession) return [unshown(fields.proof, both)];
  if (bytes.length > largest) return [tooLong(fields.stub, largest)];
  const request = readSignedRequest(bytes);
  const key = request && readPublicKey(request.publicKey);
  if (!request || !key) return [invalid(fields.stub, spec.stubPKCS10Request, 'must be a valid PKCS#10 request')];
  const wrong = keyFault(key, fields.stub, spec.stubPKCS10Request ?? '');
  if (wrong) return [wrong];
  const signed = verifySignature?.({ ...request, key: request.publicKey, padding: 'pkcs1' }) ?? true;
  return signed ? [] : [unshown(fields.stub, 'could not verify the signature of the request')];
}

function keyIssues(spec: Partial<PodCertificateRequestSpec>, { verifySignature }: Verifier): Issue[] {
  const [bytes, proof] = [bytesOf(spec.pkixPublicKey), bytesOf(spec.proofOfPossession)];
  if (bytes.length > largest) return [tooLong(fields.key, largest)];
  if (proof.length > largest) return [tooLong(fields.proof, largest)];
  const key = readPublicKey(bytes);
  if (!key) return [invalid(fields.key, spec.pkixPublicKey ?? null, 'must be a valid PKIX-serialized public key')];
  const wrong = keyFault(key, fields.key, spec.pkixPublicKey ?? '');
  if (wrong) return [wrong];
  const data = utf8(spec.podUID ?? '');
  const signed = verifySignature?.({ key: bytes, data, signature: proof, hash: 'sha256', padding: 'pss' }) ?? true;
  return signed ? [] : [unshown(fields.proof, 'could not verify proof-of-possession signature')];
}

/** What is wrong with the sort of a key. */
function keyFault(key: PublicKeyFacts, field: string, shown: string): Issue | undefined {
  if (key.type === 'other')
    return invalid(field, shown, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA');
  if (key.type === 'ecdsa' && key.curve === 'P-224') {
    return invalid(field, `curve ${key.curve}`, 'elliptic public keys must use curve P256 or P384');
  }
  if (key.type === 'rsa' && key.bits !== 3072 && key.bits !== 4096) {
    return invalid(field, `${key.bits}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096');
  }
  return undefined;
}

/** Something invalid that is not shown. */
export const unshown = (field: string, detail: string): Issue => ({
  type: 'invalid',
  field,
  message: `Invalid value: ${detail}`,
});
