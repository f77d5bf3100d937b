// The policy Recycle, long deprecated: a pod wipes the volume, which is then free again.

import { seconds, type Duration } from '../../base/clock.ts';
import { ApiError } from '../../api/status.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { bytesOf } from '../../base/quantity.ts';
import type { Context, Result } from '../../reconcile/controller.ts';
import { isFinished } from '../../kinds/core/pod-facts.ts';
import { isTerminated } from '../pods.ts';
import { setPhase, unbind } from './binding.ts';
import { podsOfClaim } from './claims.ts';
import { sizeOf } from './match.ts';
import { isRecyclable } from './plugins.ts';

const namespace = 'default';
const prefix = 'recycler-for-';
/** What could not be recycled is tried again after this long. */
const retryAfter: Duration = seconds(15);

/** The volume a pod wipes. */
export const recyclerOf = ({ metadata }: Pod): string | undefined =>
  metadata.namespace === namespace && metadata.name?.startsWith(prefix)
    ? metadata.name.slice(prefix.length)
    : undefined;

export async function recycle(volume: PersistentVolume, context: Context): Promise<Result<PersistentVolume> | void> {
  const { lister, event } = context;
  const users = usersOf(volume, context);
  if (users.length > 0) {
    event(volume, { reason: 'VolumeFailedRecycle', message: `Volume is used by pods: ${users.join(',')}` });
    return { after: retryAfter };
  }
  if (!isRecyclable(volume)) return fail(volume, 'No recycler plugin found for the volume!', context);
  const pod = lister(Pod).get(`${prefix}${volume.metadata.name}`, namespace);
  if (!pod) return void (await context.create(Pod, recyclerPod(volume)));
  if (pod.metadata.deletionTimestamp || !isFinished(pod)) return;
  await context.delete(Pod, pod).catch(unlessGone);
  if (pod.status?.phase === 'Failed') {
    const why = pod.status.message || 'pod failed, pod.Status.Message unknown';
    return fail(volume, `Recycle failed: failed to recycle volume: ${why}`, context);
  }
  event(volume, { reason: 'VolumeRecycled', message: 'Volume recycled' });
  await unbind(volume, context);
}

/** The pods that still mount the volume through its former claim; a new claim of that name has another volume. */
function usersOf({ spec }: PersistentVolume, { lister }: Context): string[] {
  const metadata = { name: spec?.claimRef?.name ?? '', namespace: spec?.claimRef?.namespace ?? '' };
  if (lister(PersistentVolumeClaim).get(metadata.name, metadata.namespace)) return [];
  return podsOfClaim({ metadata }, { lister } as Context)
    .filter((pod) => !isTerminated(pod))
    .map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`)
    .sort();
}

async function fail(volume: PersistentVolume, message: string, context: Context): Promise<Result<PersistentVolume>> {
  if (volume.status?.phase !== 'Failed') {
    await setPhase(volume, 'Failed', context, message);
    context.event(volume, { type: 'Warning', reason: 'VolumeFailedRecycle', message });
  }
  return { after: retryAfter };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ApiError && error.code === 404)) throw error;
}

/** Larger volumes may take longer: a minute at least, and half a minute for each GiB. */
function recyclerPod(volume: PersistentVolume): Pod {
  const { hostPath, nfs } = volume.spec ?? {};
  const gibibytes = Math.floor(bytesOf(sizeOf(volume)) / 1024 ** 3);
  const [least, each] = hostPath ? [60, 30] : [300, 30];
  return {
    metadata: { name: `${prefix}${volume.metadata.name}`, namespace },
    spec: {
      activeDeadlineSeconds: Math.max(least, each * gibibytes),
      restartPolicy: 'Never',
      volumes: [
        {
          name: 'vol',
          ...(hostPath ? { hostPath: { path: hostPath.path } } : { nfs: { server: nfs?.server, path: nfs?.path } }),
        },
      ],
      containers: [
        {
          name: 'pv-recycler',
          image: 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6',
          command: ['/bin/sh'],
          args: ['-c', 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'],
          volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
        },
      ],
    },
  } as Pod;
}
