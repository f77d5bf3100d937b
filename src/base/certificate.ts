// What an X.509 certificate says, as far as anything here asks: just enough DER to read it.

import { textOf } from './bytes.ts';
import type { Instant } from './clock.ts';
import { type DerElement, derElements, derTag, hexOf } from './der.ts';
import { parseTime } from './time.ts';

export interface CertificateFacts {
  /** It may sign others. */
  readonly isAuthority: boolean;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** Its SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
}

const basicConstraintsId = '551d13';
const alternativeNamesId = '551d11';
const extensionsTag = 0xa3;
const versionTag = 0xa0;

/** Undefined when the bytes are no certificate. */
export function readCertificate(bytes: Uint8Array): CertificateFacts | undefined {
  try {
    return certificateIn(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** SEQUENCE { SEQUENCE { version, serial, algorithm, issuer, validity, subject, key, extensions }, algorithm, signature }. */
function certificateIn(bytes: Uint8Array): CertificateFacts {
  const [outer, ...rest] = derElements(bytes);
  const [signed, algorithm, signature] = parts(outer);
  if (rest.length > 0 || signature?.tag !== derTag.bitString || algorithm?.tag !== derTag.sequence) throw none();
  const fields = parts(signed).filter(({ tag }) => tag !== versionTag);
  const [serial, , , validity, , key] = fields;
  if (serial?.tag !== derTag.integer || key?.tag !== derTag.sequence) throw none();
  const [from, until] = parts(validity).map(instantOf);
  if (from === undefined || until === undefined) throw none();
  const extensions = extensionsOf(fields.find(({ tag }) => tag === extensionsTag));
  return {
    isAuthority: isAuthority(extensions.get(basicConstraintsId)),
    notBefore: from,
    notAfter: until,
    publicKey: key.whole,
    ...alternativesOf(extensions.get(alternativeNamesId)),
  };
}

const none = () => new RangeError('no certificate');

function parts(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== derTag.sequence) throw none();
  return derElements(element.content);
}

/** Values by the ids of the extensions, as hex. */
function extensionsOf(element: DerElement | undefined): ReadonlyMap<string, Uint8Array> {
  const [list] = element ? derElements(element.content) : [];
  const entries = list ? parts(list).map(parts) : [];
  return new Map(
    entries.flatMap(([id, ...rest]): [string, Uint8Array][] => {
      const value = rest.at(-1);
      return id?.tag === derTag.objectId && value?.tag === derTag.octetString
        ? [[hexOf(id.content), value.content]]
        : [];
    }),
  );
}

function isAuthority(value: Uint8Array | undefined): boolean {
  const [constraints] = value ? derElements(value) : [];
  const [flag] = constraints ? parts(constraints) : [];
  return flag?.tag === 0x01 && (flag.content[0] ?? 0) !== 0;
}

const emailTag = 0x81;
const dnsTag = 0x82;

function alternativesOf(value: Uint8Array | undefined): Pick<CertificateFacts, 'dnsNames' | 'emails'> {
  const [list] = value ? derElements(value) : [];
  const names = list ? parts(list) : [];
  const ofTag = (wanted: number) => names.flatMap(({ tag, content }) => (tag === wanted ? [textOf(content)] : []));
  return { dnsNames: ofTag(dnsTag), emails: ofTag(emailTag) };
}

const timeForm = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** A time of two digits for the year is of the years 1950 to 2049. */
function instantOf({ tag, content }: DerElement): Instant {
  const match = timeForm.exec(textOf(content));
  const digits = tag === derTag.utcTime ? 2 : tag === derTag.generalizedTime ? 4 : 0;
  if (match?.[1]?.length !== digits) throw none();
  const [, year = '', month, day, hour, minute, second] = match;
  const century = digits === 4 ? '' : Number(year) < 50 ? '20' : '19';
  const instant = parseTime(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (instant === undefined) throw none();
  return instant;
}
