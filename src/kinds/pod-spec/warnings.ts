// What a pod spec draws warnings for: what is deprecated, without effect, or surely a mistake, and taken all the same.

import { deepEqual } from '../../base/equal.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isLabelValue } from '../../base/names.ts';
import type {
  Container,
  LocalObjectReference,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
} from '../generated/types/core-v1.ts';
import { nodeExpressionWarnings, oldNodeLabels } from '../node-labels.ts';
import { addressWarnings } from '../addresses.ts';
import { hasFraction } from '../quantities.ts';
import { appArmorPrefix, appArmorProfileOf, seccompOfPod, seccompPrefix } from './annotations.ts';
import { overlapWarnings } from './overlaps.ts';
import { portWarnings } from './port-warnings.ts';
import { everyContainer } from './security.ts';

export interface WarnedSpec {
  /** Where the template stands; empty for a pod itself. */
  readonly field: string;
  readonly meta: ObjectMeta | undefined;
  readonly spec: PodSpec | undefined;
}

type Annotations = Readonly<Record<string, string>>;

export function podSpecWarnings({ field, meta, spec }: WarnedSpec): string[] {
  if (!spec) return [];
  const annotations = meta?.annotations ?? {};
  const [place, notes] = [inside(field, 'spec'), inside(field, 'metadata.annotations')];
  return [
    ...nodeSelectorWarnings(spec, place),
    ...affinityWarnings(spec, place),
    ...spreadWarnings(spec, place),
    ...oldAnnotations.flatMap(([key, text]) => (annotations[key] === undefined ? [] : [`${notes}[${key}]: ${text}`])),
    ...volumeWarnings(spec, place),
    ...overlapWarnings(spec.volumes ?? []),
    ...hostAliasWarnings(spec, place),
    ...secretWarnings(spec, place),
    ...fractionWarnings(spec.overhead ?? {}, `${place}.overhead`),
    ...seccompWarnings(annotations[seccompOfPod], seccompOfPod, spec.securityContext, notes),
    ...everyContainer(spec, place).flatMap(([container, at]) => [
      ...profileWarnings(container, spec, annotations, notes),
      ...containerWarnings(container, at),
    ]),
    ...portWarnings(everyContainer(spec, place)),
    ...graceWarnings(spec, place),
    ...podAffinityWarnings(spec, place),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) =>
      addressWarnings(`${place}.dnsConfig.nameservers[${i}]`, ip),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, i) => addressWarnings(`${place}.hostAliases[${i}].ip`, ip)),
  ];
}

const inside = (field: string, name: string) => (field ? `${field}.${name}` : name);

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
      nodeExpressionWarnings(
        term.matchExpressions,
        `${place}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`,
      ),
    ),
    ...(wanted ?? []).flatMap(({ preference }, i) => {
      const where = `${place}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`;
      return [...nodeExpressionWarnings(preference.matchExpressions, where), ...valueWarnings(preference, where)];
    }),
  ];
}

const valueWarnings = ({ matchExpressions = [] }: NodeSelectorTerm, field: string): string[] =>
  matchExpressions.flatMap(({ values }, i) =>
    (values ?? []).flatMap((value, j) =>
      isLabelValue(value).map((text) => `${field}.matchExpressions[${i}].values[${j}]: ${value} is invalid, ${text}`),
    ),
  );

const nullSelector = 'a null labelSelector results in matching no pod';

const spreadWarnings = ({ topologySpreadConstraints: constraints = [] }: PodSpec, field: string): string[] =>
  constraints.flatMap(({ topologyKey, labelSelector }, i) => {
    const place = `${field}.topologySpreadConstraints[${i}]`;
    const old = oldNodeLabels[topologyKey];
    return [
      ...(old ? [`${place}.topologyKey: ${topologyKey} is ${old}`] : []),
      ...(labelSelector ? [] : [`${place}.labelSelector: ${nullSelector}`]),
    ];
  });

function podAffinityWarnings({ affinity }: PodSpec, field: string): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const place = `${field}.affinity.${name}`;
    const {
      requiredDuringSchedulingIgnoredDuringExecution: needed = [],
      preferredDuringSchedulingIgnoredDuringExecution: wanted = [],
    } = affinity?.[name] ?? {};
    const warned = ({ labelSelector }: PodAffinityTerm, at: string) =>
      labelSelector ? [] : [`${at}.labelSelector: ${nullSelector}`];
    return [
      ...needed.flatMap((term, i) => warned(term, `${place}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`)),
      ...wanted.flatMap(({ podAffinityTerm }, i) =>
        warned(podAffinityTerm, `${place}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`),
      ),
    ];
  });
}

function hostAliasWarnings({ hostAliases = [] }: PodSpec, field: string): string[] {
  const seen = new Set<string>();
  return hostAliases.flatMap(({ ip }, i) => {
    const repeated = seen.has(ip);
    seen.add(ip);
    return repeated ? [`${field}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`] : [];
  });
}

function secretWarnings({ imagePullSecrets = [] }: PodSpec, field: string): string[] {
  const names = imagePullSecrets.map(({ name = '' }: LocalObjectReference) => name);
  const place = (i: number) => `${field}.imagePullSecrets[${i}].name`;
  return [
    ...names.flatMap((name, i) =>
      names.indexOf(name) < i ? [`${place(i)}: duplicate name ${JSON.stringify(name)}`] : [],
    ),
    ...names.flatMap((name, i) => (name ? [] : [`${place(i)}: invalid empty name ""`])),
  ];
}

/** Sources that plug-ins have replaced or that nobody serves any more, with the name they are told by. */
const oldSources: readonly (readonly [string, string, string?])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['ephemeral', ''],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function volumeWarnings({ volumes = [] }: PodSpec, field: string): string[] {
  return volumes.flatMap((volume, i) => {
    const given = new Map<string, unknown>(Object.entries(volume));
    const place = `${field}.volumes[${i}]`;
    return oldSources.flatMap(([name, text, told = name]) => {
      if (!given.get(name)) return [];
      if (name !== 'ephemeral') return [`${place}.${told}: ${text}`];
      const storage = volume.ephemeral?.volumeClaimTemplate?.spec?.resources?.requests?.storage;
      const at = `${place}.ephemeral.volumeClaimTemplate.spec.resources.requests`;
      return storage === undefined ? [] : fractionWarnings({ storage }, at);
    });
  });
}

const oldAnnotations: readonly (readonly [string, string])[] = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
];

const seccompWarnings = (
  said: string | undefined,
  key: string,
  context: { readonly seccompProfile?: unknown } | undefined,
  field: string,
): string[] =>
  said === undefined || context?.seccompProfile
    ? []
    : [`${field}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`];

/** Of annotations that name a container. Pods are told of AppArmor when their annotations become fields. */
function profileWarnings(container: Container, spec: PodSpec, annotations: Annotations, field: string): string[] {
  const { name, securityContext } = container;
  const key = `${appArmorPrefix}${name}`;
  const said = annotations[key];
  const ofPod = spec.securityContext?.appArmorProfile;
  const warned =
    field !== 'metadata.annotations' &&
    said !== undefined &&
    !securityContext?.appArmorProfile &&
    !(ofPod && deepEqual(ofPod, appArmorProfileOf(said)));
  return [
    ...seccompWarnings(annotations[`${seccompPrefix}${name}`], `${seccompPrefix}${name}`, securityContext, field),
    ...(warned ? [oldAppArmor(field, key)] : []),
  ];
}

const oldAppArmor = (field: string, key: string) =>
  `${field}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`;

function containerWarnings(container: Container, field: string): string[] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const bothOf = (name: string) => [
    ...fractionWarnings(pick(limits, name), `${field}.resources.limits`),
    ...fractionWarnings(pick(requests, name), `${field}.resources.requests`),
  ];
  return [...bothOf('memory'), ...bothOf('ephemeral-storage'), ...environmentWarnings(container, field)];
}

const pick = (amounts: Annotations, name: string): Annotations =>
  amounts[name] === undefined ? {} : { [name]: amounts[name] };

function environmentWarnings({ env = [] }: Container, field: string): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, i) => {
    const repeated = seen.has(name);
    seen.add(name);
    const own = `$(${name})`;
    if (!repeated || (!valueFrom && value !== own && value.includes(own))) return [];
    return [
      `${field}.env[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });
}

const bytes = ['memory', 'ephemeral-storage', 'storage'];

/** Half a byte cannot be had. */
function fractionWarnings(amounts: Annotations, field: string): string[] {
  return bytes.flatMap((name) => {
    const amount = amounts[name];
    return amount !== undefined && hasFraction(amount)
      ? [`${field}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`]
      : [];
  });
}

const graceWarnings = ({ terminationGracePeriodSeconds: seconds = 0 }: PodSpec, field: string): string[] =>
  seconds < 0
    ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
    : [];

/** Of annotations that name a container of the pod. */
export function appArmorWarnings(annotations: Annotations, spec: PodSpec, field: string): string[] {
  const names = Object.keys(annotations).filter((key) => key.startsWith(appArmorPrefix));
  const ofContainer = (key: string) =>
    everyContainer(spec, '').some(([{ name }]) => name === key.slice(appArmorPrefix.length));
  return names.filter(ofContainer).map((key) => oldAppArmor(field, key));
}
