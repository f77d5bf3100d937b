// CSINode: the storage drivers that run on a node.

import { deepEqual } from '../../base/equal.ts';
import { isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { CSINodeDriver, CSINode as Shape } from '../generated/types/storage-v1.ts';
import { driverNameIssues } from './driver-name.ts';

export type CSINode = Shape;

export const CSINode = defineKind<CSINode>('storage.k8s.io/v1', 'CSINode', {
  returnsDeleted: true,
  requireVersionOnUpdate: true,
  validate: ({ spec }) => driversIssues(spec?.drivers ?? []),
  validateUpdate: (next, previous) => [
    ...driversIssues(next.spec.drivers ?? []),
    ...changeIssues(next.spec.drivers ?? [], previous.spec.drivers ?? []),
  ],
  columns: [
    nameColumn,
    numberColumn('Drivers', 'Drivers indicates the number of CSI drivers registered on the node', ({ spec }) => {
      return (spec.drivers ?? []).length;
    }),
    ageColumn,
  ],
});

const longestNodeId = 192;

function driversIssues(drivers: readonly CSINodeDriver[]): Issue[] {
  return drivers.flatMap((driver, i) => {
    const field = `spec.drivers[${i}]`;
    const issues = driverIssues(driver, field);
    const again = drivers.findIndex(({ name }) => name === driver.name) < i;
    return again ? [...issues, duplicate(`${field}.name`, driver.name)] : issues;
  });
}

function driverIssues({ name, nodeID, topologyKeys, allocatable }: CSINodeDriver, field: string): Issue[] {
  const issues = driverNameIssues(name, `${field}.name`);
  if (!nodeID) issues.push(required(`${field}.nodeID`));
  else if (nodeID.length > longestNodeId) {
    issues.push(invalid(`${field}.nodeID`, nodeID, `must be ${longestNodeId} characters or less`));
  }
  const count = allocatable?.count;
  if (count !== undefined && count < 0) {
    issues.push(invalid(`${field}.allocatable.count`, count, 'must be greater than or equal to 0'));
  }
  const keys = topologyKeys ?? [];
  keys.forEach((key, i) => {
    if (!key) issues.push(required(field));
    if (keys.indexOf(key) < i) issues.push(duplicate(field, key));
    issues.push(...complain(field, key, isQualifiedName));
  });
  return issues;
}

/** A driver may come and go; while it is there, only what it allocates changes. */
function changeIssues(next: readonly CSINodeDriver[], previous: readonly CSINodeDriver[]): Issue[] {
  const fixed = ({ allocatable: _, ...driver }: CSINodeDriver) => driver;
  return previous.flatMap((old) => {
    const driver = next.find(({ name }) => name === old.name);
    return driver && !deepEqual(fixed(driver), fixed(old)) ? [immutable('spec.drivers', internal(driver))] : [];
  });
}

/** As the API server holds it, which refusals print, without what may change. */
const internal = ({ name, nodeID, topologyKeys }: CSINodeDriver) => ({
  Name: name,
  NodeID: nodeID,
  TopologyKeys: topologyKeys ?? null,
  Allocatable: null,
});
