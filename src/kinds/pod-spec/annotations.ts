// What is wrong with the annotations that Kubernetes reads from pods and templates.

import { type Issue, forbiddenField, invalid } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { descendingPathIssues } from '../checks.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile } from '../generated/types/core-v1.ts';
import { everyContainer } from './security.ts';

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const tolerations = 'scheduler.alpha.kubernetes.io/tolerations';
/** Marks a pod that a kubelet runs from a file; the API only shows it. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

export function podAnnotationIssues(meta: ObjectMeta, spec: PodSpec, field: string): Issue[] {
  const annotations = meta.annotations ?? {};
  return [
    ...mirrorIssues(annotations[mirrorAnnotation], spec, field),
    ...tolerationsIssues(annotations[tolerations], field),
    ...deletionCostIssues(annotations[deletionCost], `${field}[${deletionCost}]`),
    ...seccompAnnotationIssues(annotations, field),
    ...appArmorAnnotationIssues(annotations, spec, field),
  ];
}

/** A kubelet's own pod, shown here, is on that kubelet's node. */
function mirrorIssues(value: string | undefined, { nodeName }: PodSpec, field: string): Issue[] {
  if (value === undefined || nodeName) return [];
  return [invalid(`${field}[${mirrorAnnotation}]`, value, 'must set spec.nodeName if mirror pod annotation is set')];
}

/** Annotations that, once there or not, stay so. */
export function annotationChangeIssues(next: ObjectMeta, previous: ObjectMeta, field: string): Issue[] {
  const [now, before] = [next.annotations ?? {}, previous.annotations ?? {}];
  const issues: Issue[] = [];
  const refuse = (keys: readonly string[], verb: string) => {
    for (const key of keys) {
      const what = key === mirrorAnnotation ? 'mirror pod annotation' : 'AppArmor annotations';
      if (key === mirrorAnnotation || key.startsWith(appArmorPrefix)) {
        issues.push(forbiddenField(`${field}[${key}]`, `may not ${verb} ${what}`));
      }
    }
  };
  refuse(
    Object.keys(before).filter((key) => now[key] !== before[key]),
    'remove or update',
  );
  refuse(
    Object.keys(now).filter((key) => before[key] === undefined),
    'add',
  );
  return issues;
}

function tolerationsIssues(text: string | undefined, field: string): Issue[] {
  if (!text) return [];
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [invalid(field, tolerations, 'unexpected end of JSON input')];
  }
}

/** A pod's rank when its ReplicaSet shrinks: a 32-bit number, written plainly. */
function deletionCostIssues(text: string | undefined, field: string): Issue[] {
  if (text === undefined) return [];
  const good = /^(0|-?[1-9]\d*)$/.test(text) && Math.abs(Number(text)) <= 2_147_483_647;
  return good ? [] : [invalid(field, text, 'must be a 32bit integer')];
}

type Annotations = Readonly<Record<string, string>>;

const localhost = 'localhost/';

function seccompAnnotationIssues(annotations: Annotations, field: string): Issue[] {
  const entries = Object.entries(annotations);
  const own = entries.filter(([key]) => key === seccompOfPod);
  const ofContainers = entries.filter(([key]) => key.startsWith(seccompPrefix));
  return [...own, ...ofContainers].flatMap(([key, text]) => {
    if (['runtime/default', 'docker/default', 'unconfined'].includes(text)) return [];
    if (text.startsWith(localhost)) return descendingPathIssues(text.slice(localhost.length), `${field}.${key}`);
    return [invalid(`${field}.${key}`, text, 'must be a valid seccomp profile')];
  });
}

function appArmorAnnotationIssues(annotations: Annotations, spec: PodSpec, field: string): Issue[] {
  const containers = everyContainer(spec, '');
  return Object.entries(annotations).flatMap(([key, text]) => {
    if (!key.startsWith(appArmorPrefix)) return [];
    const name = key.slice(appArmorPrefix.length);
    if (!containers.some(([each]) => each.name === name))
      return [invalid(`${field}[${key}]`, name, 'container not found')];
    if (appArmorProfileOf(text)) return [];
    return [invalid(`${field}[${key}]`, text, `invalid AppArmor profile name: "${text}"`)];
  });
}

/** What a new pod says twice, in an older annotation and in a field, it says alike. */
export function profileMatchIssues(meta: ObjectMeta, spec: PodSpec, field: string): Issue[] {
  const annotations = meta.annotations ?? {};
  const containers = everyContainer(spec, field);
  const ofPod = { key: seccompOfPod, context: spec.securityContext, place: field };
  const seccomp = containers.map(([{ name, securityContext: context }, place]) => {
    return { key: `${seccompPrefix}${name}`, context, place };
  });
  return [
    ...[ofPod, ...seccomp].flatMap(({ key, context, place }) =>
      seccompMatchIssues(annotations[key], context?.seccompProfile, `${place}.securityContext.seccompProfile`),
    ),
    ...containers.flatMap(([{ name, securityContext }, place]) => {
      const said = appArmorProfileOf(annotations[`${appArmorPrefix}${name}`]);
      return differingIssues(said, securityContext?.appArmorProfile, `${place}.securityContext.appArmorProfile`);
    }),
  ];
}

function seccompMatchIssues(said: string | undefined, given: SeccompProfile | undefined, field: string): Issue[] {
  if (said === undefined || !given) return [];
  const meant =
    said === 'unconfined'
      ? 'Unconfined'
      : said === 'runtime/default' || said === 'docker/default'
        ? 'RuntimeDefault'
        : said.startsWith(localhost)
          ? 'Localhost'
          : undefined;
  if (!['Unconfined', 'RuntimeDefault', 'Localhost'].includes(given.type)) return [];
  if (meant !== given.type) return [forbiddenField(`${field}.type`, 'seccomp type in annotation and field must match')];
  if (meant === 'Localhost' && given.localhostProfile !== said.slice(localhost.length)) {
    return [forbiddenField(`${field}.localhostProfile`, 'seccomp profile in annotation and field must match')];
  }
  return [];
}

function differingIssues(
  said: AppArmorProfile | undefined,
  given: AppArmorProfile | undefined,
  field: string,
): Issue[] {
  if (!said || !given) return [];
  if (given.type !== said.type) {
    return [forbiddenField(`${field}.type`, 'apparmor type in annotation and field must match')];
  }
  if (given.type === 'Localhost' && given.localhostProfile !== said.localhostProfile) {
    return [forbiddenField(`${field}.localhostProfile`, 'apparmor profile in annotation and field must match')];
  }
  return [];
}

/** What an annotation's value means as a field; undefined when it means nothing. */
export function appArmorProfileOf(text: string | undefined): AppArmorProfile | undefined {
  if (text === undefined) return undefined;
  if (text === '' || text === 'runtime/default') return { type: 'RuntimeDefault' };
  if (text === 'unconfined') return { type: 'Unconfined' };
  if (text.startsWith('localhost/')) return { type: 'Localhost', localhostProfile: text.slice('localhost/'.length) };
  return undefined;
}
