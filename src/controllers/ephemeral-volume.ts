// Makes the claims that pods ask for themselves: one for each of their ephemeral volumes, gone with the pod.

import { ApiError } from '../api/status.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { Volume } from '../kinds/generated/types/core-v1.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { controllerReference } from './ownership.ts';
import { claimNameOf, foreignClaim, podsByClaim, podsOfClaim } from './persistent-volume/claims.ts';
import { isBeingDeleted } from '../kinds/core/pod-facts.ts';
import { referenceTo } from '../client/client.ts';

export const ephemeralVolumeController = defineController<Pod>({
  name: 'ephemeral-volume-controller',
  source: 'ephemeral_volume',
  for: Pod,
  watches: [
    // Only a claim that went, or came from somebody else, is anything to its pods.
    watching(PersistentVolumeClaim, (claim, _previous, context) => podsOfClaim(claim, context).map(referenceTo)),
  ],
  indexes: [podsByClaim],

  async reconcile(pod, context) {
    if (isBeingDeleted(pod)) return;
    for (const volume of pod.spec.volumes ?? []) {
      if (!volume.ephemeral) continue;
      const fault = await provide(pod, volume, context);
      if (fault === undefined) continue;
      const message = `ephemeral volume ${volume.name}: ${fault.message}`;
      context.event(pod, { type: 'Warning', reason: 'FailedBinding', message });
      // The volumes after it wait.
      if (fault.cause) throw fault.cause;
      return;
    }
  },
});

/** Makes the volume's claim unless it is there. Returns what stands in the way; with a cause where another try may help. */
async function provide(
  pod: Pod,
  volume: Volume,
  { lister, create }: Context,
): Promise<{ readonly message: string; readonly cause?: ApiError } | undefined> {
  const name = claimNameOf(pod, volume) ?? '';
  const present = lister(PersistentVolumeClaim).get(name, pod.metadata.namespace);
  if (present) {
    const message = foreignClaim(pod, present);
    return message === undefined ? undefined : { message };
  }
  try {
    await create(PersistentVolumeClaim, claimFor(pod, volume, name));
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { message: `create PVC ${name}: ${error.message}`, cause: error };
  }
}

function claimFor(pod: Pod, { ephemeral }: Volume, name: string): PersistentVolumeClaim {
  const { metadata = {}, spec } = ephemeral?.volumeClaimTemplate ?? {};
  return {
    metadata: {
      name,
      namespace: pod.metadata.namespace ?? '',
      ...(metadata.labels && { labels: { ...metadata.labels } }),
      ...(metadata.annotations && { annotations: { ...metadata.annotations } }),
      ownerReferences: [controllerReference(Pod, pod)],
    },
    spec: structuredClone(spec ?? {}),
  };
}
