// RuntimeClass: a pod of a runtime class carries the class's overhead and goes where the class can run.

import { deepEqual } from '../../base/equal.ts';
import { forbidden } from '../../api/status.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { RuntimeClass } from '../../kinds/node/runtime-class.ts';
import type { Draft } from '../draft.ts';
import { amountOf, amountsOf } from './amounts.ts';
import type { AdmissionPlugin, AdmissionWorld } from './plugin.ts';

type PodDraft = Draft & Pod;

export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.group === '' && kind.plural === 'pods' && subresource === '',

  async mutate({ object }, world) {
    const pod = object as PodDraft;
    const runtimeClass = await classOf(pod, world);
    if (!runtimeClass) return;
    setOverhead(pod, runtimeClass);
    setPlaces(pod, runtimeClass);
  },

  async validate({ object }, world) {
    const pod = object as PodDraft;
    if (pod.spec.overhead && !(await classOf(pod, world))?.overhead)
      throw refused(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  },
};

const refused = (pod: PodDraft, why: string) =>
  forbidden({ group: '', resource: 'pods' }, pod.metadata.name ?? '', why);

async function classOf(pod: PodDraft, world: AdmissionWorld): Promise<RuntimeClass | undefined> {
  const name = pod.spec.runtimeClassName;
  if (!name) return undefined;
  const found = (await world.mirror(RuntimeClass)).get(name);
  if (!found) throw refused(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(pod: PodDraft, { overhead }: RuntimeClass): void {
  const fixed = overhead?.podFixed;
  if (!fixed) return;
  if (pod.spec.overhead && !sameAmounts(pod.spec.overhead, fixed))
    throw refused(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  pod.spec.overhead = { ...fixed };
}

function sameAmounts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const [left, right] = [amountsOf(a), amountsOf(b)];
  return left.size === right.size && [...left].every(([name, { nanos }]) => nanos === amountOf(right, name).nanos);
}

function setPlaces(pod: PodDraft, { scheduling }: RuntimeClass): void {
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = pod.spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      throw refused(
        pod,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    pod.spec.nodeSelector = { ...pod.spec.nodeSelector, [key]: value };
  }
  const missing = (scheduling?.tolerations ?? []).filter(
    (toleration) => !pod.spec.tolerations?.some((own) => deepEqual(own, toleration)),
  );
  if (missing.length > 0) pod.spec.tolerations = [...(pod.spec.tolerations ?? []), ...missing];
}
