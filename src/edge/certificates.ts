// Certificates of a cluster's own: a CA, the server's certificate, the administrator's. ECDSA P-256, made once and kept as files.

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Instant } from '../base/clock.ts';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const year = 365 * 24 * 3_600_000;
/** Valid from a day before, for machines whose clocks differ. */
const leeway = 24 * 3_600_000;

type CryptoKeyPair = Awaited<ReturnType<typeof webcrypto.subtle.generateKey>> & {
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
};

export interface Authority extends KeyPair {
  /** Issues a certificate for a server reachable under these names and addresses. */
  issueServer(names: readonly string[], addresses: readonly string[]): Promise<KeyPair>;
  /** Issues a client certificate: who it names, and the groups they are in. */
  issueClient(user: string, groups: readonly string[]): Promise<KeyPair>;
}

/** Wall time decides validity, also where the cluster's clock is virtual: real clients check it. */
export async function createAuthority(name: string, now: Instant): Promise<Authority> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  const keys = await generateKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(now - leeway),
    notAfter: new Date(now + 10 * year),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
    ],
  });
  return authorityOf(root, keys, now);
}

async function authorityOf(root: X509Certificate, keys: CryptoKeyPair, now: Instant): Promise<Authority> {
  const issue = async (
    subject: string,
    usage: ExtendedKeyUsage,
    alternative?: SubjectAlternativeNameExtension,
  ): Promise<KeyPair> => {
    const own = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: root.subject,
      notBefore: new Date(now - leeway),
      notAfter: new Date(now + year),
      signingAlgorithm: algorithm,
      publicKey: own.publicKey as never,
      signingKey: keys.privateKey as never,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(alternative ? [alternative] : []),
      ],
    });
    return { certificate: certificate.toString('pem'), key: await privatePem(own) };
  };
  return {
    certificate: root.toString('pem'),
    key: await privatePem(keys),
    issueServer: (names, addresses) =>
      issue(
        'CN=kube-apiserver',
        ExtendedKeyUsage.serverAuth,
        new SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns' as const, value })),
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ),
    issueClient: (user, groups) =>
      issue([`CN=${user}`, ...groups.map((group) => `O=${group}`)].join(', '), ExtendedKeyUsage.clientAuth),
  };
}

const generateKeys = async (): Promise<CryptoKeyPair> =>
  (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;

const privatePem = async (keys: CryptoKeyPair): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);

/** 16 random bytes, positive. */
export function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString('hex');
}
