// What a pod uses by name: the Secrets, ConfigMaps and claims that its containers and volumes mention anywhere.

import type { Pod } from '../kinds/core/pod.ts';

type Data = Readonly<Record<string, unknown>>;

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Fields that mention a Secret: volumes, environment, pull secrets, and what drivers of volumes are given on the node. */
const secretField = /^(secret|secretKeyRef|secretRef|node\w+SecretRef|azureFile|imagePullSecrets)$/;
const configMapField = /^(configMap|configMapKeyRef|configMapRef)$/;

export const secretsOf = (pod: Pod): string[] =>
  secretsIn(pod.spec, pod.metadata.namespace ?? '').map(({ name }) => name);

/** Secrets mentioned in a pod's or a volume's specification; `home` is the namespace where none is given. */
export function secretsIn(spec: object, home: string): SecretName[] {
  return mentions(spec, secretField).flatMap(({ secretName, secretNamespace, name, namespace }) => {
    const named = secretName ?? name;
    const where = secretNamespace ?? namespace ?? home;
    return typeof named === 'string' && typeof where === 'string' ? [{ name: named, namespace: where }] : [];
  });
}

export const configMapsOf = ({ spec }: Pod): string[] =>
  mentions(spec, configMapField).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));

/** Every object in a field of such a name, at any depth. */
function mentions(value: unknown, field: RegExp): Data[] {
  if (Array.isArray(value)) return value.flatMap((item) => mentions(item, field));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const own = field.test(key)
      ? [member].flat().filter((each): each is Data => each !== null && typeof each === 'object')
      : [];
    return [...own, ...mentions(member, field)];
  });
}

/** Claims by name, and those a pod's ephemeral volumes have made for them. */
export const claimsOf = ({ metadata, spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name}-${name}`] : [];
  });

export function resourceClaimsOf({ spec, status }: Pod): string[] {
  const made = (status?.resourceClaimStatuses ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []);
  const direct = (spec.resourceClaims ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []);
  const extended = status?.extendedResourceClaimStatus?.resourceClaimName;
  return [...made, ...direct, ...(extended ? [extended] : [])];
}
