// What is particular about a pod of a StatefulSet: its number, its name, its claims, and who owns those.

import type { OwnerReference } from '../../api/object.ts';
import { StatefulSet } from '../../kinds/apps/stateful-set.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { PodTemplateSpec, Volume } from '../../kinds/generated/types/core-v1.ts';
import { controllerReference } from '../ownership.ts';
import { podFromTemplate } from '../pods.ts';

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

export const firstOrdinal = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0;

/** The number in the name of one of the set's pods; undefined for other names. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-([0-9]+)$/.exec(pod.metadata.name ?? '');
  return match && match[1] === set.metadata.name ? Number(match[2]) : undefined;
}

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`;

/** The claims that belong to a pod, as they are made. */
export const claimsOf = (set: StatefulSet, ordinal: number): PersistentVolumeClaim[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace ?? '',
      labels: { ...template.metadata.labels, ...set.spec.selector?.matchLabels },
      ...(template.metadata.annotations && { annotations: { ...template.metadata.annotations } }),
    },
    spec: structuredClone(template.spec),
  }));

export interface Version {
  readonly name: string;
  readonly template: PodTemplateSpec;
}

export function numberedPod(set: StatefulSet, ordinal: number, version: Version): Pod {
  const pod = podFromTemplate(version.template, {
    name: set.metadata.name ?? '',
    namespace: set.metadata.namespace ?? '',
  });
  const name = podName(set, ordinal);
  return withIdentity(set, {
    ...pod,
    metadata: { ...pod.metadata, name, labels: { ...pod.metadata.labels, [revisionLabel]: version.name } },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
    },
  });
}

/** The pod with the labels and volumes its number demands. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(set, pod) ?? 0;
  const labels = { ...pod.metadata.labels, [podNameLabel]: pod.metadata.name ?? '', [podIndexLabel]: String(ordinal) };
  const volumes = withClaims(set, ordinal, pod.spec.volumes ?? []);
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...pod.spec, ...(volumes.length > 0 && { volumes }) },
  };
}

function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[]): Volume[] {
  const claims = (set.spec.volumeClaimTemplates ?? []).map(
    (template): Volume => ({
      name: template.metadata.name ?? '',
      persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
    }),
  );
  const names = new Set(claims.map(({ name }) => name));
  return [...claims, ...volumes.filter(({ name }) => !names.has(name))];
}

/** The pod's name, its label and its claims are what its number demands. */
export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(set, pod);
  if (ordinal === undefined || pod.metadata.labels?.[podNameLabel] !== pod.metadata.name) return false;
  return (set.spec.volumeClaimTemplates ?? []).every((template) =>
    pod.spec.volumes?.some(
      (volume) =>
        volume.name === template.metadata.name &&
        volume.persistentVolumeClaim?.claimName === claimName(set, template, ordinal),
    ),
  );
}

/** The owners a claim should have by the retention policy; undefined when it has them, or another controller has the claim. */
export function claimOwners(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
  condemned: boolean,
): OwnerReference[] | undefined {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const references = claim.metadata.ownerReferences ?? [];
  const [setUid, podUid] = [set.metadata.uid, pod.metadata.uid];
  const ours = ({ uid }: OwnerReference) => uid === setUid || uid === podUid;
  if (references.some((reference) => reference.controller && !ours(reference))) return undefined;
  const byPod = whenScaled === 'Delete' && condemned;
  const bySet = whenDeleted === 'Delete' && !byPod;
  const wanted = [
    ...(bySet ? [controllerReference(StatefulSet, set)] : []),
    ...(byPod ? [controllerReference(Pod, pod)] : []),
  ];
  const present = references.filter(ours);
  if (
    present.length === wanted.length &&
    wanted.every(({ uid }) => present.some((each) => each.uid === uid && each.controller))
  )
    return undefined;
  return [...references.filter((reference) => !ours(reference)), ...wanted];
}

/** The claim is on its way out, or belongs to an earlier pod of this name: a new pod must wait for a new claim. */
export const isStaleClaim = (claim: PersistentVolumeClaim, pod: Pod): boolean =>
  claim.metadata.deletionTimestamp !== undefined ||
  (claim.metadata.ownerReferences ?? []).some(
    ({ kind, name, uid }) => kind === 'Pod' && name === pod.metadata.name && uid !== pod.metadata.uid,
  );
