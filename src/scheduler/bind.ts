// Carries out a decision: gives the pod's claims their volumes, waits for them, and binds the pod to its node.

import type { Clock, Duration } from '../base/clock.ts';
import type { Client } from '../client/client.ts';
import { referenceTo } from '../client/client.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { claimReference, type ClusterMirror } from './cluster-mirror.ts';
import type { PodInfo } from './pod-info.ts';
import { isBound, selectedNode, type VolumePlan } from './volumes.ts';

/** Why a pod could not be bound although there was a node for it. */
export class BindError extends Error {}

export interface BindTools {
  readonly client: Client;
  readonly clock: Clock;
  readonly cluster: ClusterMirror;
  /** How long provisioners may take. */
  readonly bindTimeout: Duration;
}

/** @throws ApiError when the server refuses, BindError when the volumes do not come */
export async function bindPod(pod: PodInfo, node: string, plan: VolumePlan, tools: BindTools): Promise<void> {
  if (plan.bind.length > 0 || plan.provision.length > 0) {
    await requestVolumes(plan, node, tools.client);
    await volumesBound(pod, plan, node, tools);
  }
  const { name = '', namespace = '', uid = '' } = pod.pod.metadata;
  await tools.client.sub(Pod, { name, namespace }, 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { kind: 'Node', name: node },
  });
}

async function requestVolumes({ bind, provision }: VolumePlan, node: string, client: Client): Promise<void> {
  for (const { claim, volume } of bind) {
    await client.patch(PersistentVolume, referenceTo(volume), {
      metadata: {
        resourceVersion: volume.metadata.resourceVersion,
        annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' },
      },
      spec: { claimRef: claimReference(claim) },
    });
  }
  for (const claim of provision) {
    const patch = { metadata: { annotations: { [selectedNode]: node } } };
    await client.patch(PersistentVolumeClaim, referenceTo(claim), patch);
  }
}

function volumesBound(
  pod: PodInfo,
  plan: VolumePlan,
  node: string,
  { clock, cluster, bindTimeout }: BindTools,
): Promise<void> {
  const claims = [...plan.bind.map(({ claim }) => claim), ...plan.provision];
  return new Promise((resolve, reject) => {
    const state = (): string => {
      for (const { metadata } of claims) {
        const claim = cluster.claims.get(metadata.name ?? '', metadata.namespace);
        if (!claim) return `PVC ${metadata.namespace}/${metadata.name} is gone`;
        if (isBound(claim)) continue;
        const chosen = claim.metadata.annotations?.[selectedNode];
        const isProvisioned = plan.provision.some((each) => each.metadata.uid === metadata.uid);
        if (isProvisioned && chosen !== node)
          return `pvc ${metadata.name} was refused by its provisioner on node "${node}"`;
        return 'waiting';
      }
      return 'bound';
    };
    const end = (problem?: string) => {
      timer.cancel();
      stop();
      if (problem === undefined) resolve();
      else reject(new BindError(`running PreBind plugin "VolumeBinding": binding volumes: ${problem}`));
    };
    const look = () => {
      const now = state();
      if (now !== 'waiting') end(now === 'bound' ? undefined : now);
    };
    const timer = clock.after(bindTimeout, () => end(`volumes of ${pod.name}: context deadline exceeded`));
    const stop = cluster.claims.subscribe(look);
    look();
  });
}
