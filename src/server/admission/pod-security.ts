// PodSecurity: a namespace's labels say which level of the Pod Security Standards its pods must keep to, or are warned of.

import { deepEqual } from '../../base/equal.ts';
import { invalidObject, type Issue } from '../../api/issues.ts';
import type { KubeObject } from '../../api/object.ts';
import { forbidden } from '../../api/status.ts';
import { Namespace } from '../../kinds/core/namespace.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { Container, PodSpec } from '../../kinds/generated/types/core-v1.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import type { CheckedPod } from './pod-security/check.ts';
import { printReasons, printViolations, violationsOf } from './pod-security/evaluate.ts';
import { isSame, type LevelVersion, levels, type Policy, policyOf, printLevel } from './pod-security/policy.ts';

/** How many of a namespace's pods are looked at when its level changes. */
const mostExistingPods = 3000;

export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  handles({ operation, kind, subresource }) {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
    const resource = `${kind.group}/${kind.plural}`;
    if (resource === '/pods') return ['', 'ephemeralcontainers', 'resize'].includes(subresource);
    return subresource === '' && (resource === '/namespaces' || templates[resource] !== undefined);
  },

  validate(attributes, world) {
    if (attributes.kind.plural === 'namespaces') return admitNamespace(attributes, world);
    if (attributes.kind.plural === 'pods') return admitPod(attributes, world);
    return admitTemplate(attributes, world);
  },
};

/** Where objects that make pods keep what those will be. */
const ownTemplate = (object: KubeObject) => (object.spec as { template?: CheckedPod } | undefined)?.template;
const templates: Readonly<Record<string, (object: KubeObject) => CheckedPod | undefined>> = {
  '/replicationcontrollers': ownTemplate,
  '/podtemplates': (object) => (object as KubeObject & { template?: CheckedPod }).template,
  'apps/replicasets': ownTemplate,
  'apps/deployments': ownTemplate,
  'apps/statefulsets': ownTemplate,
  'apps/daemonsets': ownTemplate,
  'batch/jobs': ownTemplate,
  'batch/cronjobs': (object) => ownTemplate((object.spec as { jobTemplate?: KubeObject })?.jobTemplate ?? object),
};

async function policyFor({ namespace }: Attributes, world: AdmissionWorld): Promise<Policy> {
  const home = (await world.mirror(Namespace)).get(namespace);
  return policyOf(home?.metadata.labels).policy;
}

async function admitPod(attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const pod = attributes.object as unknown as Pod;
  if (attributes.old && attributes.subresource === '' && !differs(pod, attributes.old as Pod)) return;
  const { enforce, warn } = await policyFor(attributes, world);
  const violations = violationsOf(pod, enforce);
  if (violations.length > 0) {
    const why = `violates PodSecurity "${printLevel(enforce)}": ${printViolations(violations)}`;
    throw forbidden({ group: '', resource: 'pods' }, pod.metadata.name ?? attributes.name, why);
  }
  warnOf(pod, warn, attributes);
}

async function admitTemplate(attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const { kind, object } = attributes;
  const template = templates[`${kind.group}/${kind.plural}`]?.(object as KubeObject);
  if (!template?.spec) return;
  const { warn } = await policyFor(attributes, world);
  warnOf({ metadata: template.metadata ?? {}, spec: template.spec }, warn, attributes);
}

function warnOf(pod: CheckedPod, level: LevelVersion, { warn }: Attributes): void {
  const violations = violationsOf(pod, level);
  if (violations.length > 0) warn(`would violate PodSecurity "${printLevel(level)}": ${printViolations(violations)}`);
}

/** Whether an update of a pod changes anything that a check looks at: images, deadlines and tolerations are free. */
function differs(next: Pod, previous: Pod): boolean {
  const relevant = ({ metadata, spec }: Pod) => {
    const { tolerations: _, activeDeadlineSeconds: __, ...rest } = spec;
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => /seccomp|apparmor/.test(key));
    return [Object.fromEntries(annotations), withoutImages(rest as PodSpec)];
  };
  return !deepEqual(relevant(next), relevant(previous));
}

function withoutImages(spec: PodSpec): object {
  const bare = (containers: readonly Container[] | undefined) => containers?.map(({ image: _, ...rest }) => rest);
  return { ...spec, containers: bare(spec.containers), initContainers: bare(spec.initContainers) };
}

async function admitNamespace(attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const { object, old, name } = attributes;
  const next = policyOf(object?.metadata.labels);
  const before = old && policyOf(old.metadata.labels);
  if (next.issues.length > 0 && !deepEqual(next.issues, before?.issues))
    throw invalidObject('Namespace', '', object?.metadata.name ?? name, next.issues as Issue[]);
  if (!before || !isStricter(next.policy.enforce, before.policy.enforce)) return;
  const pods = (await world.mirror(Pod)).list(name);
  for (const text of existingViolations(name, next.policy.enforce, pods)) attributes.warn(text);
}

function isStricter(next: LevelVersion, before: LevelVersion): boolean {
  if (next.level === 'privileged' || isSame(next, before)) return false;
  return next.version !== before.version || levels.indexOf(next.level) > levels.indexOf(before.level);
}

/** What is said of pods that are there already and would not be let in any more. */
function existingViolations(namespace: string, level: LevelVersion, pods: readonly Pod[]): string[] {
  const byReasons = new Map<string, string[]>();
  for (const pod of pods.slice(0, mostExistingPods)) {
    const violations = violationsOf(pod, level);
    if (violations.length === 0) continue;
    const reasons = printReasons(violations);
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata.name ?? '']);
  }
  const lines = [...byReasons].map(([reasons, names]) => `${printNames(names)}: ${reasons}`).sort();
  return [
    ...(pods.length > mostExistingPods
      ? [
          `new PodSecurity enforce level only checked against the first ${mostExistingPods} of ${pods.length} existing pods`,
        ]
      : []),
    ...(lines.length > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level "${printLevel(level)}"`,
        ]
      : []),
    ...lines,
  ];
}

/** The first by name stands for all. */
function printNames([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  return `${first} (and ${others.length} other pod${others.length === 1 ? '' : 's'})`;
}
