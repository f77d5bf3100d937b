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

/** The label that repeats the pod's name is there. */
export const hasIdentity = ({ metadata }: Pod): boolean => metadata.labels?.[podNameLabel] === metadata.name;

/** The pod's volumes are the claims its number demands. */
export function hasVolumes(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(set, pod) ?? 0;
  return (set.spec.volumeClaimTemplates ?? []).every((template) =>
    pod.spec.volumes?.some(
      (volume) =>
        volume.name === template.metadata.name &&
        volume.persistentVolumeClaim?.claimName === claimName(set, template, ordinal),
    ),
  );
}

const retention = ({ spec }: StatefulSet) => ({
  deleted: spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain',
  scaled: spec.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain',
});

/** The reference names the set or the pod, or one of that name that was there before. */
const names =
  (apiVersion: string, kind: string, { metadata }: StatefulSet | Pod) =>
  (reference: OwnerReference): boolean =>
    reference.apiVersion === apiVersion && reference.kind === kind && reference.name === metadata.name;

const namesSet = (set: StatefulSet) => names('apps/v1', 'StatefulSet', set);
const namesPod = (pod: Pod) => names('v1', 'Pod', pod);

const ownersOf = (claim: PersistentVolumeClaim): readonly OwnerReference[] => claim.metadata.ownerReferences ?? [];

/** Another controller has the claim: the retention policy, where it says to delete anything, is not followed. */
export function isContested(set: StatefulSet, pod: Pod, claim: PersistentVolumeClaim): boolean {
  const { deleted, scaled } = retention(set);
  if (deleted === 'Retain' && scaled === 'Retain') return false;
  const [ofSet, ofPod] = [namesSet(set), namesPod(pod)];
  return ownersOf(claim).some((each) => each.controller && !ofSet(each) && !ofPod(each));
}

/** The owners a claim should have by the retention policy; undefined when it has them, or those of an earlier set or pod. */
export function claimOwners(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
  condemned: boolean,
): OwnerReference[] | undefined {
  const references = ownersOf(claim);
  const [ofSet, ofPod] = [namesSet(set), namesPod(pod)];
  if (isOfEarlier(references.find(ofSet), set) || isOfEarlier(references.find(ofPod), pod)) return undefined;
  const wanted = isContested(set, pod, claim) ? [] : wantedOwners(set, pod, condemned);
  const present = references.filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid);
  if (
    present.length === wanted.length &&
    wanted.every(({ uid }) => present.some((each) => each.uid === uid && each.controller))
  )
    return undefined;
  return [...references.filter((reference) => !ofSet(reference) && !ofPod(reference)), ...wanted];
}

const isOfEarlier = (reference: OwnerReference | undefined, owner: StatefulSet | Pod): boolean =>
  reference !== undefined && reference.uid !== owner.metadata.uid;

function wantedOwners(set: StatefulSet, pod: Pod, condemned: boolean): OwnerReference[] {
  const { deleted, scaled } = retention(set);
  if (scaled === 'Delete' && condemned) return [controllerReference(Pod, pod)];
  return deleted === 'Delete' ? [controllerReference(StatefulSet, set)] : [];
}

/** The claim goes with an earlier pod of this name: a new pod waits for a new claim. */
export const isStaleClaim = (set: StatefulSet, pod: Pod, claim: PersistentVolumeClaim): boolean =>
  retention(set).scaled !== 'Retain' && isOfEarlier(ownersOf(claim).find(namesPod(pod)), pod);
