// Who a certificate request (PKCS #10) asks to be: just enough DER to read its subject.

import { bytesOfBase64, textOf } from './bytes.ts';
import { derContents, hexOf } from './der.ts';

export interface RequestedSubject {
  /** `CN`; empty when there is none. */
  readonly commonName: string;
  /** Each `O`. */
  readonly organizations: readonly string[];
}

const block = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/;

const commonNameId = '550403';
const organizationId = '55040a';

/** The subject of a PEM block; undefined when it is no certificate request. */
export function requestedSubject(pem: string): RequestedSubject | undefined {
  const bytes = bytesOfBase64(block.exec(pem)?.[1]?.replace(/\s/g, '') ?? '');
  if (!bytes || bytes.length === 0) return undefined;
  try {
    return subjectIn(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** SEQUENCE { SEQUENCE { version, subject … } … }; the subject is a SEQUENCE of SETs of SEQUENCE { type, value }. */
function subjectIn(bytes: Uint8Array): RequestedSubject {
  const info = derContents(derContents(bytes)[0] ?? bytes)[0];
  const subject = info && derContents(info)[1];
  if (!subject) throw new RangeError('no subject');
  const attributes = derContents(subject).flatMap(derContents).map(derContents);
  const valuesOf = (id: string) =>
    attributes.flatMap(([type, value]) => (type && value && hexOf(type) === id ? [textOf(value)] : []));
  return { commonName: valuesOf(commonNameId)[0] ?? '', organizations: valuesOf(organizationId) };
}
