// What a pod spec draws warnings for: what is deprecated, without effect, or surely a mistake, and taken all the same.

import type { ObjectMeta } from '../../api/object.ts';
import { parseIp } from '../../base/ip.ts';
import { isLabelValue } from '../../base/names.ts';
import type { Container, LocalObjectReference, NodeSelectorTerm, PodSpec } from '../generated/types/core-v1.ts';
import { hasFraction } from '../quantities.ts';
import { everyContainer } from './security.ts';

export interface WarnedSpec {
  /** Where the template stands; empty for a pod itself. */
  readonly field: string;
  readonly meta: ObjectMeta | undefined;
  readonly spec: PodSpec | undefined;
  /** As stored, on update: what it said already is not said again. */
  readonly previous: PodSpec | undefined;
}

export function podSpecWarnings({ field, meta, spec, previous }: WarnedSpec): string[] {
  if (!spec) return [];
  const before = previous ? new Set(specWarnings(previous, field)) : undefined;
  const fresh = specWarnings(spec, field).filter((text) => !before?.has(text));
  return [
    ...(previous ? [] : annotationWarnings(meta?.annotations ?? {}, spec, inside(field, 'metadata.annotations'))),
    ...fresh,
  ];
}

const inside = (field: string, name: string) => (field ? `${field}.${name}` : name);

function specWarnings(spec: PodSpec, field: string): string[] {
  const place = inside(field, 'spec');
  return [
    ...nodeSelectorWarnings(spec, place),
    ...affinityWarnings(spec, place),
    ...spreadWarnings(spec, place),
    ...hostAliasWarnings(spec, place),
    ...secretWarnings(spec, place),
    ...volumeWarnings(spec, place),
    ...containersWarnings(spec, place),
    ...graceWarnings(spec, place),
    ...dnsWarnings(spec, place),
  ];
}

/** Labels of nodes that others have taken the place of. */
const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

const nodeSelectorWarnings = ({ nodeSelector }: PodSpec, field: string): string[] =>
  Object.keys(nodeSelector ?? {}).flatMap((key) =>
    oldNodeLabels[key] ? [`${field}.nodeSelector[${key}]: ${oldNodeLabels[key]}`] : [],
  );

function affinityWarnings({ affinity }: PodSpec, field: string): string[] {
  const {
    requiredDuringSchedulingIgnoredDuringExecution: needed,
    preferredDuringSchedulingIgnoredDuringExecution: wanted,
  } = affinity?.nodeAffinity ?? {};
  const place = `${field}.affinity.nodeAffinity`;
  return [
    ...(needed?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      termWarnings(term, `${place}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`),
    ),
    ...(wanted ?? []).flatMap(({ preference }, i) => {
      const where = `${place}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`;
      return [...termWarnings(preference, where), ...valueWarnings(preference, where)];
    }),
  ];
}

const termWarnings = ({ matchExpressions = [] }: NodeSelectorTerm, field: string): string[] =>
  matchExpressions.flatMap(({ key }, i) =>
    oldNodeLabels[key] ? [`${field}.matchExpressions[${i}].key: ${key} is ${oldNodeLabels[key]}`] : [],
  );

const valueWarnings = ({ matchExpressions = [] }: NodeSelectorTerm, field: string): string[] =>
  matchExpressions.flatMap(({ values }, i) =>
    (values ?? []).flatMap((value, j) =>
      isLabelValue(value).map((text) => `${field}.matchExpressions[${i}].values[${j}]: ${value} is invalid, ${text}`),
    ),
  );

const spreadWarnings = ({ topologySpreadConstraints: constraints = [] }: PodSpec, field: string): string[] =>
  constraints.flatMap(({ labelSelector }, i) =>
    labelSelector
      ? []
      : [`${field}.topologySpreadConstraints[${i}].labelSelector: a null labelSelector results in matching no pod`],
  );

function hostAliasWarnings({ hostAliases = [] }: PodSpec, field: string): string[] {
  const seen = new Set<string>();
  return hostAliases.flatMap(({ ip }, i) => {
    const repeated = seen.has(ip);
    seen.add(ip);
    const place = `${field}.hostAliases[${i}].ip`;
    return repeated && parseIp(ip) ? [`${place}: duplicate ip "${ip}"`] : [];
  });
}

function secretWarnings({ imagePullSecrets = [] }: PodSpec, field: string): string[] {
  const seen = new Set<string>();
  return imagePullSecrets.flatMap((secret: LocalObjectReference, i) => {
    const { name = '' } = secret;
    const place = `${field}.imagePullSecrets[${i}].name`;
    if (!name) return [`${place}: invalid empty name ""`];
    const repeated = seen.has(name);
    seen.add(name);
    return repeated ? [`${place}: duplicate name "${name}"`] : [];
  });
}

/** Sources that plug-ins have replaced or that nobody serves any more. */
const oldSources: Readonly<Record<string, string>> = {
  gitRepo: 'deprecated in v1.11',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

function volumeWarnings({ volumes = [] }: PodSpec, field: string): string[] {
  return volumes.flatMap((volume, i) => {
    const given = volume as unknown as Readonly<Record<string, unknown>>;
    const place = `${field}.volumes[${i}]`;
    return [
      ...Object.keys(oldSources).flatMap((name) => (given[name] ? [`${place}.${name}: ${oldSources[name]}`] : [])),
      ...(volume.ephemeral?.volumeClaimTemplate?.spec?.resources?.requests?.storage !== undefined
        ? fractionWarnings(
            { storage: volume.ephemeral.volumeClaimTemplate.spec.resources.requests.storage },
            `${place}.ephemeral.volumeClaimTemplate.spec.resources.requests`,
          )
        : []),
    ];
  });
}

function containersWarnings(spec: PodSpec, field: string): string[] {
  const containers = everyContainer(spec, field);
  return [
    ...containers.flatMap(([container, place]) => containerWarnings(container, place)),
    ...portWarnings(containers),
  ];
}

function containerWarnings(container: Container, field: string): string[] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  return [
    ...environmentWarnings(container, field),
    ...fractionWarnings(limits, `${field}.resources.limits`),
    ...fractionWarnings(requests, `${field}.resources.requests`),
  ];
}

function environmentWarnings({ env = [] }: Container, field: string): string[] {
  const seen = new Map<string, number>();
  return env.flatMap(({ name, value = '' }, i) => {
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, i);
      return [];
    }
    if (value.includes(`$(${name})`)) return [];
    return [`${field}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`];
  });
}

const bytes = new Set(['memory', 'ephemeral-storage', 'storage']);

/** Half a byte cannot be had. */
function fractionWarnings(amounts: Readonly<Record<string, string>>, field: string): string[] {
  return Object.entries(amounts).flatMap(([name, amount]) =>
    bytes.has(name) && hasFraction(amount)
      ? [`${field}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`]
      : [],
  );
}

/** The same port of the same protocol, twice in a container, or of the host, twice in a pod. */
function portWarnings(containers: readonly (readonly [Container, string])[]): string[] {
  const known: { readonly place: string; readonly container: string; readonly key: string; readonly name: string }[] =
    [];
  return containers.flatMap(([container, field]) =>
    (container.ports ?? []).flatMap((port, i) => {
      const place = `${field}.ports[${i}]`;
      const key = `${port.protocol}/${port.containerPort}/${port.hostPort ?? 0}/${port.hostIP ?? ''}`;
      const other = known.find((each) => each.key === key && each.container === field);
      known.push({ place, container: field, key, name: port.name ?? '' });
      return other ? [`${place}: duplicate port definition with ${other.place}`] : [];
    }),
  );
}

const graceWarnings = ({ terminationGracePeriodSeconds: seconds = 0 }: PodSpec, field: string): string[] =>
  seconds < 0
    ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
    : [];

function dnsWarnings({ dnsConfig }: PodSpec, field: string): string[] {
  const seen = new Set<string>();
  return (dnsConfig?.searches ?? []).flatMap((search, i) => {
    const repeated = seen.has(search);
    seen.add(search);
    return repeated ? [`${field}.dnsConfig.searches[${i}]: duplicate search "${search}"`] : [];
  });
}

const oldAnnotations: Readonly<Record<string, string>> = {
  'seccomp.security.alpha.kubernetes.io/pod': 'non-functional in v1.27+; use the "seccompProfile" field instead',
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
};

const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

function annotationWarnings(annotations: Readonly<Record<string, string>>, spec: PodSpec, field: string): string[] {
  const profiled = new Map(
    everyContainer(spec, '').map(([{ name, securityContext }]) => [name, securityContext?.seccompProfile]),
  );
  return Object.keys(annotations).flatMap((key) => {
    if (oldAnnotations[key]) return [`${field}[${key}]: ${oldAnnotations[key]}`];
    const container = key.slice(seccompPrefix.length);
    if (key.startsWith(seccompPrefix) && profiled.has(container) && !profiled.get(container)) {
      return [`${field}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`];
    }
    return appArmorWarnings({ [key]: '' }, spec, field);
  });
}

/** Of annotations that name a container of the pod. */
export function appArmorWarnings(
  annotations: Readonly<Record<string, string>>,
  spec: PodSpec,
  field: string,
): string[] {
  const names = Object.keys(annotations).filter((key) => key.startsWith(appArmorPrefix));
  const ofContainer = (key: string) =>
    everyContainer(spec, '').some(([{ name }]) => name === key.slice(appArmorPrefix.length));
  return names
    .filter(ofContainer)
    .map((key) => `${field}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
}
