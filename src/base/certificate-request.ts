// Who a certificate request (PKCS #10) asks to be: just enough DER to read its subject.

import { bytesOfBase64, textOf } from './bytes.ts';

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
  const info = children(child(bytes, 0))[0];
  const subject = info && children(info)[1];
  if (!subject) throw new RangeError('no subject');
  const attributes = children(subject).flatMap(children).map(children);
  const valuesOf = (id: string) =>
    attributes.flatMap(([type, value]) => (type && value && hex(type) === id ? [textOf(value)] : []));
  return { commonName: valuesOf(commonNameId)[0] ?? '', organizations: valuesOf(organizationId) };
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** The contents of each element that follows another in the bytes. */
function children(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { start, end } = extent(bytes, at);
    found.push(bytes.subarray(start, end));
    at = end;
  }
  return found;
}

function child(bytes: Uint8Array, at: number): Uint8Array {
  const { start, end } = extent(bytes, at);
  return bytes.subarray(start, end);
}

/** Where the contents of the element lie. @throws RangeError when they reach beyond the bytes */
function extent(bytes: Uint8Array, at: number): { start: number; end: number } {
  const first = bytes[at + 1] ?? 0;
  const long = first & 0x80 ? first & 0x7f : 0;
  let length = long === 0 ? first : 0;
  for (let i = 0; i < long; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + long;
  if (start + length > bytes.length) throw new RangeError('an element reaches beyond its bytes');
  return { start, end: start + length };
}
