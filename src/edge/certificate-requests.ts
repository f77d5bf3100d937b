// Certificates that somebody asked for with a request of their own (PKCS #10): what it says, and the certificate for it.

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Instant } from '../base/clock.ts';
import type { CertificateRequest, CertificateTerms } from '../server/tokens/key-maker.ts';
import { algorithm, type KeyPair, serial } from './certificates.ts';

/** Valid from five minutes before, for machines whose clocks differ. */
const leeway = 5 * 60_000;
/** A certificate that holds for less than this gets all its time; of a longer one the leeway is a part. */
const short = 8 * 3_600_000;

const label = /-----BEGIN CERTIFICATE REQUEST-----/;

/** Undefined when it is no request, or not signed with the key it names. */
export async function readRequest(pem: string): Promise<CertificateRequest | undefined> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  try {
    if (!label.test(pem)) return undefined;
    const request = new Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return undefined;
    const names = alternativesOf(request)?.names.items ?? [];
    const ofType = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
    return {
      commonName: request.subjectName.getField('CN')[0] ?? '',
      organizations: request.subjectName.getField('O'),
      alternatives: { dns: ofType('dns'), email: ofType('email'), ip: ofType('ip'), uri: ofType('url') },
    };
  } catch {
    return undefined;
  }
}

const alternativesOf = (request: Pkcs10CertificateRequest): SubjectAlternativeNameExtension | undefined =>
  request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);

export async function issueFor(
  ca: KeyPair,
  pem: string,
  { usages, seconds, now }: CertificateTerms & { readonly now: Instant },
): Promise<string> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  const [request, root] = [new Pkcs10CertificateRequest(pem), new X509Certificate(ca.certificate)];
  const ttl = seconds * 1000;
  const end = now + ttl - (ttl < short ? 0 : leeway);
  const alternatives = alternativesOf(request);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: request.subjectName,
    issuer: root.subjectName,
    notBefore: new Date(now - leeway),
    notAfter: new Date(Math.min(end, root.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: request.publicKey,
    signingKey: (await signingKey(ca)) as never,
    extensions: [
      new KeyUsagesExtension(flagsOf(usages), true),
      ...extendedUsages(usages),
      new BasicConstraintsExtension(false, undefined, true),
      ...(alternatives
        ? [new SubjectAlternativeNameExtension(alternatives.names.items.map(({ type, value }) => ({ type, value })))]
        : []),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

const signingKey = ({ key }: KeyPair) => {
  const [der] = PemConverter.decode(key);
  return webcrypto.subtle.importKey('pkcs8', der as ArrayBuffer, algorithm, false, ['sign']);
};

const flags: Readonly<Record<string, KeyUsageFlags>> = {
  signing: KeyUsageFlags.digitalSignature,
  'digital signature': KeyUsageFlags.digitalSignature,
  'content commitment': KeyUsageFlags.nonRepudiation,
  'key encipherment': KeyUsageFlags.keyEncipherment,
  'key agreement': KeyUsageFlags.keyAgreement,
  'data encipherment': KeyUsageFlags.dataEncipherment,
  'cert sign': KeyUsageFlags.keyCertSign,
  'crl sign': KeyUsageFlags.cRLSign,
  'encipher only': KeyUsageFlags.encipherOnly,
  'decipher only': KeyUsageFlags.decipherOnly,
};

const flagsOf = (usages: readonly string[]): number => usages.reduce((all, usage) => all | (flags[usage] ?? 0), 0);

/** Their numbers in RFC 5280 and Microsoft's and Netscape's registers. */
const purposes: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

function extendedUsages(usages: readonly string[]): ExtendedKeyUsageExtension[] {
  const all = [...new Set(usages.flatMap((usage) => purposes[usage] ?? []))];
  return all.length > 0 ? [new ExtendedKeyUsageExtension(all)] : [];
}
