// Priority: a pod's class becomes a number, by which the scheduler and evictions rank it.

import { forbidden } from '../../api/status.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { isSystemClass, PriorityClass } from '../../kinds/scheduling/priority-class.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const priorityAdmission: AdmissionPlugin = {
  name: 'Priority',
  handles: ({ operation, kind, subresource }) =>
    subresource === '' &&
    ((kind.plural === 'pods' && kind.group === '' && operation === 'CREATE') || kind.plural === 'priorityclasses'),

  async mutate({ kind, object }, world) {
    if (kind.plural !== 'pods') return;
    const pod = object as Draft & Pod;
    const classes = await world.mirror(PriorityClass);
    const chosen = pod.spec.priorityClassName ? classes.get(pod.spec.priorityClassName) : defaultClass(classes.list());
    const refused = (why: string) => forbidden({ group: '', resource: 'pods' }, pod.metadata.name ?? '', why);
    if (pod.spec.priorityClassName && !chosen)
      throw refused(`no PriorityClass with name ${pod.spec.priorityClassName} was found`);
    const priority = chosen?.value ?? 0;
    if (chosen) pod.spec.priorityClassName = chosen.metadata.name as string;
    if (pod.spec.priority !== undefined && pod.spec.priority !== priority) {
      throw refused(
        `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
      );
    }
    const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== policy) {
      throw refused(
        `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    pod.spec.priority = priority;
    pod.spec.preemptionPolicy = policy;
  },

  async validate({ kind, operation, object, name }, world) {
    if (operation === 'DELETE') return requireOwn(name);
    if (kind.plural !== 'priorityclasses' || !(object as Draft & PriorityClass).globalDefault) return;
    const other = (await world.mirror(PriorityClass))
      .list()
      .find((each) => each.globalDefault && each.metadata.name !== name);
    if (!other) return;
    throw forbidden(
      { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
      name,
      `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
    );
  },
};

/** The classes of the system stay. */
function requireOwn(name: string): void {
  if (!isSystemClass(name)) return;
  const why = 'this is a system priority class and cannot be deleted';
  throw forbidden({ group: 'scheduling.k8s.io', resource: 'priorityclasses' }, name, why);
}

/** Of several global defaults the one of the lowest value counts. */
function defaultClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes.filter(({ globalDefault }) => globalDefault).sort((a, b) => a.value - b.value)[0];
}
