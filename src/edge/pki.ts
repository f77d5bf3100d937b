// The keys and certificates of one cluster, made the first time and read ever after.

import { createHash, createPublicKey, generateKeyPair } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compactVerify, importPKCS8, importSPKI, SignJWT } from 'jose';
import type { CertificateAuthority, KeyMaker } from '../server/tokens/key-maker.ts';
import type { KeyPair } from './certificates.ts';
import { verifySignature } from './signatures.ts';
import { writePrivate } from './state-folder.ts';

export interface Pki {
  readonly ca: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  /** What this server shows to others when it passes on requests of its users. */
  readonly proxy: KeyPair;
  readonly keys: KeyMaker;
}

const names = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
];

/** Opens the folder's keys; makes them when there are none. `serviceAddress` is what the kubernetes Service answers at. */
export async function openPki(folder: string, serviceAddress: string, now: number): Promise<Pki> {
  if (!existsSync(join(folder, 'ca.crt'))) await makePki(folder, serviceAddress, now);
  if (!existsSync(join(folder, 'front-proxy-ca.crt'))) await makeProxyKeys(folder, now);
  const pair = (name: string): KeyPair => ({
    certificate: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  });
  const ca = pair('ca');
  return {
    ca,
    server: pair('apiserver'),
    admin: pair('admin'),
    proxy: pair('front-proxy-client'),
    keys: await keyMaker(
      readFileSync(join(folder, 'sa.key'), 'utf8'),
      ca,
      readFileSync(join(folder, 'front-proxy-ca.crt'), 'utf8'),
    ),
  };
}

async function makePki(folder: string, serviceAddress: string, now: number): Promise<void> {
  const tokenKey = promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const { createAuthority } = await import('./certificates.ts');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ca = await createAuthority('portolan-ca', now);
  const [server, admin] = await Promise.all([
    ca.issueServer(names, ['127.0.0.1', '::1', serviceAddress]),
    ca.issueClient('kubernetes-admin', ['system:masters']),
  ]);
  const { privateKey } = await tokenKey;
  writePrivate(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  for (const [name, pair] of [
    ['apiserver', server],
    ['admin', admin],
  ] as const)
    writePair(folder, name, pair);
  writePair(folder, 'ca', ca);
}

/** An authority of its own: whoever trusts it lets the bearer speak for anybody. Its key is not kept. */
async function makeProxyKeys(folder: string, now: number): Promise<void> {
  const { createAuthority } = await import('./certificates.ts');
  const authority = await createAuthority('front-proxy-ca', now);
  writePair(folder, 'front-proxy-client', await authority.issueClient('front-proxy-client', []));
  writePrivate(join(folder, 'front-proxy-ca.crt'), authority.certificate);
}

function writePair(folder: string, name: string, { certificate, key }: KeyPair): void {
  writePrivate(join(folder, `${name}.key`), key);
  writePrivate(join(folder, `${name}.crt`), certificate);
}

/** Service-account tokens are RS256, as kube-apiserver's. */
async function keyMaker(privatePem: string, ca: KeyPair, proxyCaCertificate: string): Promise<KeyMaker> {
  const publicKey = createPublicKey(privatePem);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(spki).digest('base64url');
  const [signing, verifying] = await Promise.all([
    importPKCS8(privatePem, 'RS256'),
    importSPKI(publicKey.export({ type: 'spki', format: 'pem' }) as string, 'RS256'),
  ]);
  return {
    caCertificate: ca.certificate,
    proxyCaCertificate,
    authority: authorityOf(ca),
    verifySignature,
    sign: (claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: keyId }).sign(signing),
    async verify(token) {
      try {
        const { payload } = await compactVerify(token, verifying, { algorithms: ['RS256'] });
        return JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>;
      } catch {
        return undefined;
      }
    },
    keySet: () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: keyId, alg: 'RS256' }] }),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest(),
  };
}

/** Loaded when the first certificate is asked for: few clusters ever issue one. */
function authorityOf(ca: KeyPair): CertificateAuthority {
  return {
    read: async (request) => (await import('./certificate-requests.ts')).readRequest(request),
    issue: async (request, terms) =>
      (await import('./certificate-requests.ts')).issueFor(ca, request, { ...terms, now: Date.now() }),
  };
}
