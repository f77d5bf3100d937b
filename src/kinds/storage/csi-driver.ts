// CSIDriver: what a storage driver can do, and what it needs to be told.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import type { Column } from '../../api/kind.ts';
import { immutable, notListed } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { CSIDriverSpec, TokenRequest, CSIDriver as Shape } from '../generated/types/storage-v1.ts';

export type CSIDriver = Shape;

const field = (name: keyof CSIDriverSpec) => ({ type: 'io.k8s.api.storage.v1.CSIDriverSpec', field: name });

const flag = (name: string, of: 'attachRequired' | 'podInfoOnMount' | 'storageCapacity' | 'requiresRepublish') =>
  ({
    name,
    type: 'boolean',
    description: field(of),
    cell: ({ spec }) => spec[of] ?? of === 'attachRequired',
  }) satisfies Column<CSIDriver>;

export const CSIDriver = defineKind<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', {
  returnsDeleted: true,
  requireVersionOnUpdate: true,
  generation: 'spec',
  applyDefaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  prepareForCreate({ metadata }) {
    delete metadata.generation; // It is counted from the first change on.
  },
  validate: driverIssues,
  validateUpdate: (next, previous) => [...driverIssues(next), ...changeIssues(next.spec, previous.spec)],
  warnings: tokenWarnings,
  columns: [
    nameColumn,
    flag('AttachRequired', 'attachRequired'),
    flag('PodInfoOnMount', 'podInfoOnMount'),
    flag('StorageCapacity', 'storageCapacity'),
    textColumn('TokenRequests', field('tokenRequests'), ({ spec }) => {
      return spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>';
    }),
    flag('RequiresRepublish', 'requiresRepublish'),
    textColumn('Modes', field('volumeLifecycleModes'), ({ spec }) => {
      return spec.volumeLifecycleModes?.join(',') ?? '<none>';
    }),
    ageColumn,
  ],
});

const groupPolicies = ['ReadWriteOnceWithFSType', 'None', 'File'];
const modes = ['Persistent', 'Ephemeral'];
const shortestPeriod = 10;

function driverIssues({ spec }: CSIDriver): Issue[] {
  const issues: Issue[] = [];
  const { fsGroupPolicy, nodeAllocatableUpdatePeriodSeconds: period } = spec;
  if (spec.attachRequired === undefined) issues.push(required('spec.attachedRequired'));
  for (const name of ['podInfoOnMount', 'storageCapacity'] as const) {
    if (spec[name] === undefined) issues.push(required(`spec.${name}`));
  }
  if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy)) {
    issues.push(notSupported('spec.fsGroupPolicy', fsGroupPolicy, groupPolicies));
  }
  issues.push(...tokenIssues(spec.tokenRequests ?? []));
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) issues.push(notListed('spec.volumeLifecycleModes', mode, modes));
  }
  if (spec.seLinuxMount === undefined) issues.push(required('spec.seLinuxMount'));
  if (period !== undefined && period < shortestPeriod) {
    const rule = `must be greater than or equal to ${shortestPeriod} seconds`;
    issues.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, rule));
  }
  const { serviceAccountTokenInSecrets: inSecrets, tokenRequests = [] } = spec;
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const rule = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    issues.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, rule));
  }
  return issues;
}

const shortestToken = 600;
const longestToken = 2 ** 32;

function tokenIssues(requests: readonly TokenRequest[]): Issue[] {
  return requests.flatMap(({ audience, expirationSeconds }, i) => {
    const place = `spec.tokenRequests[${i}]`;
    const issues: Issue[] = [];
    if (requests.findIndex((other) => other.audience === audience) < i) {
      return [duplicate(`${place}.audience`, audience)];
    }
    if (expirationSeconds === undefined) return issues;
    const refuse = (rule: string) => issues.push(invalid(`${place}.expirationSeconds`, expirationSeconds, rule));
    if (expirationSeconds < shortestToken) refuse('may not specify a duration less than 10 minutes');
    if (expirationSeconds > longestToken) refuse('may not specify a duration larger than 2^32 seconds');
    return issues;
  });
}

function changeIssues(next: CSIDriverSpec, previous: CSIDriverSpec): Issue[] {
  const issues: Issue[] = [];
  if (next.attachRequired !== previous.attachRequired) {
    issues.push(immutable('spec.attachedRequired', next.attachRequired));
  }
  if (!deepEqual(next.volumeLifecycleModes, previous.volumeLifecycleModes)) {
    issues.push(immutable('spec.volumeLifecycleModes', next.volumeLifecycleModes));
  }
  return issues;
}

function tokenWarnings({ spec }: CSIDriver, previous: CSIDriver | undefined): string[] {
  const { tokenRequests, serviceAccountTokenInSecrets } = spec;
  if ((tokenRequests ?? []).length === 0 || serviceAccountTokenInSecrets !== undefined) return [];
  if (previous && deepEqual(tokenRequests, previous.spec.tokenRequests)) return [];
  const advice =
    'if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
  return [`spec.serviceAccountTokenInSecrets is unset; ${advice}`];
}
