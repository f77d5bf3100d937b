// A short way to write the rules of roles.

import type { PolicyRule } from '../rbac.ts';

export interface RoleTable {
  readonly [name: string]: readonly PolicyRule[];
}

export const read = 'get list watch';
export const write = 'create delete deletecollection patch update';

const sorted = (words: string): string[] => words.split(' ').sort();

/** `can('get list', 'pods pods/log')` or `can('update', 'leases', 'coordination.k8s.io', 'kube-scheduler')`: words separated by spaces; `core` is the core group. */
export function can(verbs: string, resources: string, groups = 'core', names?: string): PolicyRule {
  return {
    verbs: sorted(verbs),
    apiGroups: groups
      .split(' ')
      .map((group) => (group === 'core' ? '' : group))
      .sort(),
    resources: sorted(resources),
    ...(names && { resourceNames: sorted(names) }),
  };
}

export const visit = (paths: string, verbs = 'get'): PolicyRule => ({
  verbs: sorted(verbs),
  nonResourceURLs: sorted(paths),
});

/** What everybody needs who reports events. */
export const events = can('create patch update', 'events', 'core events.k8s.io');
