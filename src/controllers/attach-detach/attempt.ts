// One attempt after another to have a volume attached: how long each waits for the driver's attacher, and what is said of how it ended.

import { minutes, seconds, type Duration, type Instant } from '../../base/clock.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';
import type { Attempt } from './plan.ts';

/** An attempt looks for the first time after so long, and gives up after so long. */
const firstLook: Duration = 500;
const longest: Duration = minutes(2);
/** The wait after a failure, doubling. */
const backoff = { first: 500, most: minutes(2) + seconds(2) };

export type Progress =
  | { readonly is: 'waiting'; readonly until: Instant; readonly attempt: Attempt }
  | { readonly is: 'attached' }
  | { readonly is: 'failed'; readonly message: string; readonly attempt: Attempt };

export function progressOf(
  attempt: Attempt | undefined,
  { volume, attachment, now }: { volume: PersistentVolume; attachment: VolumeAttachment | undefined; now: Instant },
): Progress {
  if (attempt?.retryAt !== undefined && now < attempt.retryAt)
    return { is: 'waiting', until: attempt.retryAt, attempt };
  const current: Attempt =
    attempt?.retryAt === undefined
      ? (attempt ?? { since: now, failures: 0 })
      : { since: now, failures: attempt.failures };
  const looksAt = current.since + firstLook;
  if (now < looksAt) return { is: 'waiting', until: looksAt, attempt: current };
  const { attached, attachError } = attachment?.status ?? {};
  if (attached) return { is: 'attached' };
  const givesUpAt = current.since + longest;
  if (attachError?.message) return failed(current, attachError.message, now);
  if (now < givesUpAt) return { is: 'waiting', until: givesUpAt, attempt: current };
  const { driver, volumeHandle } = volume.spec?.csi ?? {};
  const text = `timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${volumeHandle}`;
  return failed(current, text, now);
}

function failed({ since, failures }: Attempt, message: string, now: Instant): Progress {
  const delay = Math.min(backoff.first * 2 ** failures, backoff.most);
  return { is: 'failed', message, attempt: { since, failures: failures + 1, retryAt: now + delay } };
}
