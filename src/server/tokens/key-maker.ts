// Signing and certificates: what the program needs of cryptography, provided by the world so that a replay makes the same keys.

import type { SignedBytes } from '../../api/kind.ts';

/** Claims of a JSON Web Token. Times are seconds since the epoch. */
export type Claims = Readonly<Record<string, unknown>>;

export interface KeyMaker {
  /** A signed JSON Web Token (RS256 or ES256) with the service-account key. */
  sign(claims: Claims): Promise<string>;
  /** The claims of a token signed by any of our keys; undefined when the signature is wrong or it is no token. Expiry is the caller's to check. */
  verify(token: string): Promise<Claims | undefined>;
  /** The public keys as a JSON Web Key Set. */
  keySet(): object;
  /** The cluster's CA certificate, PEM. */
  readonly caCertificate: string;
  /** The authority of those who pass on requests of others, PEM. */
  readonly proxyCaCertificate?: string;
  /** Issues certificates in the CA's name; absent where nobody needs real ones. */
  readonly authority?: CertificateAuthority;
  /** Whether a signature is one of the key's; absent where nobody needs to know. */
  verifySignature?(signed: SignedBytes): boolean;
  /** SHA-256 of the bytes. */
  sha256(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Whom a certificate is asked for. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The alternative names, by their sort. */
  readonly alternatives: Readonly<Record<'dns' | 'email' | 'ip' | 'uri', readonly string[]>>;
}

export interface CertificateTerms {
  /** In the words of the API: `client auth`, `digital signature`. */
  readonly usages: readonly string[];
  readonly seconds: number;
}

export interface CertificateAuthority {
  /** What a request (PKCS #10 in PEM) says; undefined when it is none. */
  read(request: string): Promise<CertificateRequest | undefined>;
  /** The certificate, in PEM. It begins to hold a little before now, and ends no later than the CA's own. */
  issue(request: string, terms: CertificateTerms): Promise<string>;
}
