// Removes certificate requests that have had their time: signed, refused, forgotten.

import { type Duration, hours } from '../base/clock.ts';
import { parseTime } from '../base/time.ts';
import { CertificateSigningRequest } from '../kinds/certificates/certificate-signing-request.ts';
import { defineController } from '../reconcile/controller.ts';
import { conditionOf } from '../kinds/conditions.ts';

const decidedFor = hours(1);
const pendingFor = hours(24);

export const certificateCleaner = defineController<CertificateSigningRequest>({
  name: 'certificatesigningrequest-cleaner-controller',
  for: CertificateSigningRequest,

  async reconcile(request, context) {
    const left = keptUntil(request) - context.clock.now();
    if (left > 0) return { after: left };
    await context.delete(CertificateSigningRequest, request);
    return;
  },
});

/** Counted from the decision: one that was approved and not signed yet is waited for as long as an undecided one. */
export function keptUntil({ metadata, status }: CertificateSigningRequest): number {
  const since = (type: string): number | undefined =>
    parseTime(conditionOf(status?.conditions, type)?.lastUpdateTime ?? '');
  const created = parseTime(metadata.creationTimestamp ?? '') ?? 0;
  const ends: Duration[] = [];
  const [approved, denied, failed] = [since('Approved'), since('Denied'), since('Failed')];
  if (approved !== undefined) ends.push(approved + (status?.certificate ? decidedFor : pendingFor));
  if (denied !== undefined) ends.push(denied + decidedFor);
  if (failed !== undefined) ends.push(failed + decidedFor);
  return ends.length > 0 ? Math.min(...ends) : created + pendingFor;
}
