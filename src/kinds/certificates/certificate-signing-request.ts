import type { CertificateSigningRequest as Shape } from '../generated/types/certificates-v1.ts';
import { defineKind } from '../define.ts';

export type CertificateSigningRequest = Shape;

export const CertificateSigningRequest = defineKind<CertificateSigningRequest>('certificates.k8s.io/v1', 'CertificateSigningRequest', {});
