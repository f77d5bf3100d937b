// What the kubelet puts into a pod's volumes: config maps, secrets, the pod's own facts, and tokens.

import { bytesOfBase64, utf8 } from '../base/bytes.ts';
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
} from '../kinds/generated/types/core-v1.ts';
import { fieldOf, type Sources } from './environment.ts';
import type { ProjectedFile, Projections } from './runtime.ts';

export interface ProjectionSources extends Sources {
  /** A token of the pod's service account, for these audiences; undefined: there is none to be had. */
  token(audience: string | undefined, seconds: number | undefined): Promise<string | undefined>;
  readonly facts: { readonly podIP: string; readonly hostIP: string };
}

const defaultMode = 0o644;

/** The volumes whose content is known, by name. What is missing is left out: it was told when the volume was mounted. */
export async function projectionsOf(pod: Pod, sources: ProjectionSources): Promise<Projections> {
  const projections = new Map<string, ReadonlyMap<string, ProjectedFile>>();
  for (const volume of pod.spec.volumes ?? []) {
    const files = await filesOf(volume, pod, sources);
    if (files) projections.set(volume.name, new Map(files));
  }
  return projections;
}

type Named = readonly [string, ProjectedFile];

async function filesOf(volume: Volume, pod: Pod, sources: ProjectionSources): Promise<readonly Named[] | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap)
    return selected(ofConfigMap(sources.configMap(configMap.name ?? '')), configMap.items, configMap.defaultMode);
  if (secret) return selected(ofSecret(sources.secret(secret.secretName ?? '')), secret.items, secret.defaultMode);
  if (downwardAPI) return ofPod(downwardAPI.items ?? [], pod, sources, downwardAPI.defaultMode);
  if (!projected) return undefined;
  const files: Named[] = [];
  for (const source of projected.sources ?? []) {
    const { configMap: map, secret: hidden, downwardAPI: own, serviceAccountToken: token } = source;
    if (map) files.push(...selected(ofConfigMap(sources.configMap(map.name ?? '')), map.items, projected.defaultMode));
    if (hidden)
      files.push(...selected(ofSecret(sources.secret(hidden.name ?? '')), hidden.items, projected.defaultMode));
    if (own) files.push(...ofPod(own.items ?? [], pod, sources, projected.defaultMode));
    if (token) {
      const text = await sources.token(token.audience, token.expirationSeconds);
      if (text !== undefined)
        files.push([token.path, { bytes: utf8(text), mode: projected.defaultMode ?? defaultMode }]);
    }
  }
  return files;
}

type Data = ReadonlyMap<string, Uint8Array>;

const ofConfigMap = (map: ConfigMap | undefined): Data =>
  new Map([
    ...Object.entries(map?.data ?? {}).map(([key, text]) => [key, utf8(text)] as const),
    ...Object.entries(map?.binaryData ?? {}).map(
      ([key, text]) => [key, bytesOfBase64(text) ?? new Uint8Array()] as const,
    ),
  ]);

const ofSecret = (secret: Secret | undefined): Data =>
  new Map(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, bytesOfBase64(text) ?? new Uint8Array()]));

function selected(data: Data, items: readonly KeyToPath[] | undefined, mode = defaultMode): Named[] {
  if (!items || items.length === 0) return [...data].map(([key, bytes]) => [key, { bytes, mode }]);
  return items.flatMap((item) => {
    const bytes = data.get(item.key);
    return bytes ? [[item.path, { bytes, mode: item.mode ?? mode }] as const] : [];
  });
}

function ofPod(
  items: readonly DownwardAPIVolumeFile[],
  pod: Pod,
  { facts }: ProjectionSources,
  mode = defaultMode,
): Named[] {
  return items.map((item) => {
    const text = textOf(pod, item.fieldRef?.fieldPath ?? '', facts);
    return [item.path, { bytes: utf8(text), mode: item.mode ?? mode }] as const;
  });
}

/** Labels and annotations as a whole are a line each. */
function textOf(pod: Pod, path: string, facts: ProjectionSources['facts']): string {
  if (path !== 'metadata.labels' && path !== 'metadata.annotations') return fieldOf(pod, path, facts) ?? '';
  const map = pod.metadata[path.slice('metadata.'.length) as 'labels' | 'annotations'] ?? {};
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}
