// What a container's environment and volumes take from config maps, secrets and the pod itself, and how the kubelet words what is missing.

import type { ConfigMap, Container, EnvVar, Pod, Secret, Volume } from '../kinds/generated/types/core-v1.ts';

/** Finds the config maps and secrets of the pod's namespace, by name. */
export interface Sources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export type Environment = { readonly values: Readonly<Record<string, string>> } | { readonly error: string };

interface SourceRef {
  readonly kind: 'configMap' | 'secret';
  readonly name: string;
  readonly optional: boolean;
  /** The keys it must have. */
  readonly keys: readonly string[];
}

const refTo = (
  kind: SourceRef['kind'],
  source:
    | { name?: string; secretName?: string; optional?: boolean; items?: { key?: string }[]; key?: string }
    | undefined,
): SourceRef[] =>
  source
    ? [
        {
          kind,
          name: source.name ?? source.secretName ?? '',
          optional: source.optional ?? false,
          keys: source.key === undefined ? (source.items ?? []).map(({ key }) => key ?? '') : [source.key],
        },
      ]
    : [];

const envRefs = ({ valueFrom }: EnvVar): SourceRef[] => [
  ...refTo('configMap', valueFrom?.configMapKeyRef),
  ...refTo('secret', valueFrom?.secretKeyRef),
];

const volumeRefs = (volume: Volume): SourceRef[] => [
  ...refTo('configMap', volume.configMap),
  ...refTo('secret', volume.secret),
  ...(volume.projected?.sources ?? []).flatMap((source) => [
    ...refTo('configMap', source.configMap),
    ...refTo('secret', source.secret),
  ]),
];

/** What keeps volumes from being mounted: one text for each, as the kubelet's FailedMount event words it. */
export function mountFailures(pod: Pod, sources: Sources): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const failure = volumeRefs(volume)
      .map((ref) => missingFromVolume(ref, sources))
      .find(Boolean);
    return failure ? [`MountVolume.SetUp failed for volume "${volume.name}" : ${failure}`] : [];
  });
}

function missingFromVolume(ref: SourceRef, sources: Sources): string | undefined {
  const data = dataOf(ref, sources);
  if (ref.optional) return undefined;
  if (!data) return `${ref.kind.toLowerCase()} "${ref.name}" not found`;
  const key = ref.keys.find((each) => !(each in data));
  return key === undefined
    ? undefined
    : `references non-existent ${ref.kind === 'secret' ? 'secret' : 'config'} key: ${key}`;
}

/** A source's keys and texts; undefined when there is no such source. */
function dataOf(
  { kind, name }: { kind: SourceRef['kind']; name: string },
  sources: Sources,
): Record<string, string> | undefined {
  if (kind === 'configMap') {
    const map = sources.configMap(name);
    return map && { ...map.data, ...map.binaryData };
  }
  const secret = sources.secret(name);
  return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)]));
}

const decode = (base64: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

/** The environment a container starts with, or why it cannot start (CreateContainerConfigError). */
export function environmentOf(
  pod: Pod,
  container: Container,
  sources: Sources,
  facts: { podIP: string; hostIP: string },
): Environment {
  const values: Record<string, string> = {};
  for (const from of container.envFrom ?? []) {
    const [ref] = [...refTo('configMap', from.configMapRef), ...refTo('secret', from.secretRef)];
    const data = ref && dataOf(ref, sources);
    if (ref && !data && !ref.optional) return { error: `${ref.kind.toLowerCase()} "${ref.name}" not found` };
    for (const [key, value] of Object.entries(data ?? {})) values[`${from.prefix ?? ''}${key}`] = value;
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(pod, variable, sources, facts);
    if (typeof value === 'object') return value;
    if (value !== undefined) values[variable.name] = expandReferences(value, values);
  }
  return { values };
}

/** One variable's value; undefined leaves it unset. */
function valueOf(
  pod: Pod,
  variable: EnvVar,
  sources: Sources,
  facts: { podIP: string; hostIP: string },
): string | undefined | { error: string } {
  const field = variable.valueFrom?.fieldRef?.fieldPath;
  if (field !== undefined) return fieldOf(pod, field, facts);
  const [ref] = envRefs(variable);
  if (!ref) return variable.valueFrom ? undefined : (variable.value ?? '');

  const data = dataOf(ref, sources);
  const key = ref.keys[0] ?? '';
  if (data?.[key] !== undefined || ref.optional) return data?.[key];
  if (!data) return { error: `${ref.kind.toLowerCase()} "${ref.name}" not found` };
  const kind = ref.kind === 'secret' ? 'Secret' : 'ConfigMap';
  return { error: `couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${ref.name}` };
}

/** A field of the pod, as the downward API names it. */
export function fieldOf(
  pod: Pod,
  path: string,
  { podIP, hostIP }: { podIP: string; hostIP: string },
): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map && key) return pod.metadata[map as 'labels' | 'annotations']?.[key] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  };
  return fields[path];
}

/** `$(NAME)` in values, command and args, as Kubernetes expands it: unknown names stay, `$$` is one dollar. */
export function expandReferences(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)/g, (whole, name?: string) =>
    name === undefined ? '$' : (environment[name] ?? whole),
  );
}
