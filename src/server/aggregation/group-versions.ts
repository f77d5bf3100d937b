// The order of groups and versions in discovery, where other servers bring some of them: by the priorities that API services give.

import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import { type Catalog, compareVersions } from '../catalog.ts';
import type { Aggregation } from './aggregation.ts';

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** The server's own and those of others, each once. */
export function groupVersionsOf(catalog: Catalog, aggregation: Aggregation): readonly GroupVersion[] {
  const own = catalog.groupVersions();
  const remote = aggregation.remote();
  return remote.length === 0 ? own : merged(own, remote, aggregation.all());
}

/** Own groups stay in their order; others come before the first that matters less. */
export function merged(
  own: readonly GroupVersion[],
  remote: readonly APIService[],
  all: readonly APIService[],
): readonly GroupVersion[] {
  const groups = [...new Set(own.map(({ group }) => group))];
  const brought = [...new Set(remote.map(({ spec }) => spec.group ?? ''))].filter((group) => !groups.includes(group));
  const rank = (group: string) => priorityOf(group, all);
  for (const group of brought) {
    const at = groups.findIndex((each) => rank(each) < rank(group) || (rank(each) === rank(group) && each > group));
    groups.splice(at < 0 ? groups.length : at, 0, group);
  }
  return groups.flatMap((group) => versionsOf(group, own, remote, all));
}

/** A group without API services is the aggregator's own. */
function priorityOf(group: string, all: readonly APIService[]): number {
  const priorities = all
    .filter(({ spec }) => (spec.group ?? '') === group)
    .map(({ spec }) => spec.groupPriorityMinimum ?? 0);
  return priorities.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...priorities);
}

function versionsOf(
  group: string,
  own: readonly GroupVersion[],
  remote: readonly APIService[],
  all: readonly APIService[],
): readonly GroupVersion[] {
  const ours = own.filter((each) => each.group === group);
  const theirs = remote.filter(({ spec }) => (spec.group ?? '') === group).map(({ spec }) => spec.version ?? '');
  if (theirs.length === 0) return ours;
  const priority = (version: string) =>
    all.find(({ spec }) => (spec.group ?? '') === group && spec.version === version)?.spec.versionPriority ?? 0;
  return [...new Set([...ours.map(({ version }) => version), ...theirs])]
    .sort((a, b) => priority(b) - priority(a) || compareVersions(b, a))
    .map((version) => ({ group, version }));
}
