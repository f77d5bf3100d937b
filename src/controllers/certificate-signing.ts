// Signs certificate requests that somebody approved, for the signers Kubernetes runs itself.

import { hours, minutes } from '../base/clock.ts';
import { base64, bytesOfBase64, textOf, utf8 } from '../base/bytes.ts';
import { formatTime } from '../base/time.ts';
import { CertificateSigningRequest } from '../kinds/certificates/certificate-signing-request.ts';
import { type Controller, defineController } from '../reconcile/controller.ts';
import type { CertificateAuthority } from '../server/tokens/key-maker.ts';
import { signers } from './certificates/signers.ts';
import { conditionOf } from '../kinds/conditions.ts';

/** `--cluster-signing-duration`, which is also the longest. */
const longest = hours(365 * 24);
const shortest = minutes(10);

export const certificateSigningController = (authority: CertificateAuthority): Controller =>
  defineController<CertificateSigningRequest>({
    name: 'certificatesigningrequest-signing-controller',
    for: CertificateSigningRequest,

    async reconcile(object, { clock }) {
      const { spec, status } = object;
      const signer = signers.find(({ name }) => name === spec.signerName);
      if (!signer || !isToBeSigned(object)) return;
      const pem = requestOf(object);
      const request = await authority.read(pem);
      if (!request) return;
      const refusal = signer.refusal(request, spec.usages ?? []);
      if (refusal)
        return { status: { ...status, conditions: [...(status?.conditions ?? []), failed(refusal, clock.now())] } };
      const certificate = await authority.issue(pem, { usages: spec.usages ?? [], seconds: secondsFor(spec) });
      return { status: { ...status, certificate: base64(utf8(certificate)) } };
    },
  });

/** Approved, and neither denied, failed nor signed. */
export function isToBeSigned({ status }: CertificateSigningRequest): boolean {
  const has = (type: string) => conditionOf(status?.conditions, type) !== undefined;
  return has('Approved') && !has('Denied') && !has('Failed') && !status?.certificate;
}

export const requestOf = ({ spec }: CertificateSigningRequest): string =>
  textOf(bytesOfBase64(spec.request ?? '') ?? new Uint8Array());

/** What was asked for, within what the signer grants. */
function secondsFor({ expirationSeconds }: CertificateSigningRequest['spec']): number {
  const asked = expirationSeconds === undefined ? longest : expirationSeconds * 1000;
  return Math.min(longest, Math.max(shortest, asked)) / 1000;
}

function failed(message: string, now: number) {
  const time = formatTime(now);
  const status = 'True' as const;
  const reason = 'SignerValidationFailure';
  return { type: 'Failed', status, reason, message, lastUpdateTime: time, lastTransitionTime: time };
}
