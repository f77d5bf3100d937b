// What is wrong with the annotations that Kubernetes reads from pods and templates.

import { type Issue, forbiddenField, invalid } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { AppArmorProfile, PodSpec } from '../generated/types/core-v1.ts';
import { everyContainer } from './security.ts';

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const tolerations = 'scheduler.alpha.kubernetes.io/tolerations';

export function podAnnotationIssues(meta: ObjectMeta, spec: PodSpec, field: string, specField: string): Issue[] {
  const annotations = meta.annotations ?? {};
  return [
    ...tolerationsIssues(annotations[tolerations], field),
    ...deletionCostIssues(annotations[deletionCost], `${field}[${deletionCost}]`),
    ...appArmorAnnotationIssues(annotations, spec, field, specField),
  ];
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

function appArmorAnnotationIssues(annotations: Annotations, spec: PodSpec, field: string, specField: string): Issue[] {
  const containers = everyContainer(spec, specField);
  return Object.entries(annotations).flatMap(([key, text]) => {
    if (!key.startsWith(appArmorPrefix)) return [];
    const name = key.slice(appArmorPrefix.length);
    const [container, place] = containers.find(([each]) => each.name === name) ?? [];
    if (!container) return [invalid(`${field}[${key}]`, name, 'container not found')];
    const profile = appArmorProfileOf(text);
    if (!profile) return [invalid(`${field}[${key}]`, text, `invalid AppArmor profile name: "${text}"`)];
    return differingIssues(
      profile,
      container.securityContext?.appArmorProfile,
      `${place}.securityContext.appArmorProfile`,
    );
  });
}

function differingIssues(said: AppArmorProfile, given: AppArmorProfile | undefined, field: string): Issue[] {
  if (!given) return [];
  if (given.type !== said.type) {
    return [forbiddenField(`${field}.type`, 'apparmor type in annotation and field must match')];
  }
  if (given.type === 'Localhost' && given.localhostProfile !== said.localhostProfile) {
    return [forbiddenField(`${field}.localhostProfile`, 'apparmor profile in annotation and field must match')];
  }
  return [];
}

/** What an annotation's value means as a field; undefined when it means nothing. */
export function appArmorProfileOf(text: string): AppArmorProfile | undefined {
  if (text === '' || text === 'runtime/default') return { type: 'RuntimeDefault' };
  if (text === 'unconfined') return { type: 'Unconfined' };
  if (text.startsWith('localhost/')) return { type: 'Localhost', localhostProfile: text.slice('localhost/'.length) };
  return undefined;
}
