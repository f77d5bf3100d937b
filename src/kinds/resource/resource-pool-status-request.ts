// ResourcePoolStatusRequest: how many devices of a driver's pools are free; asked once, answered once.

import { deepEqual } from '../../base/equal.ts';
import { utf8Length } from '../../base/bytes.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid, required, tooLong, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageOf, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { conditionIssues } from '../conditions.ts';
import { defineKind, namedSchema } from '../define.ts';
import type {
  PoolStatus,
  ResourcePoolStatusRequestSpec,
  ResourcePoolStatusRequestStatus,
  ResourcePoolStatusRequest as Shape,
} from '../generated/types/resource-v1alpha3.ts';
import type { Condition } from '../generated/types/meta-v1.ts';
import { internalValue } from '../internal-value.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';

export type ResourcePoolStatusRequest = Shape;

const statusType = 'io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequestStatus';
const mostPools = 1000;
const mostConditions = 10;
const longestPool = 253;
const longestError = 256;

export const ResourcePoolStatusRequest = defineKind<ResourcePoolStatusRequest>(
  'resource.k8s.io/v1alpha3',
  'ResourcePoolStatusRequest',
  {
    returnsDeleted: true,
    requireVersionOnUpdate: true,
    generation: 'none',
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: ({ spec }) => specIssues(spec ?? {}),
    validateUpdate: ({ spec }, previous) =>
      deepEqual(spec, previous.spec) ? [] : [invalid('spec', null, 'field is immutable')],
    validateStatusUpdate({ status }, previous) {
      if (!previous.status) return status ? statusIssues(status) : [];
      if (deepEqual(status, previous.status)) return [];
      return [invalid('status', status ? internalValue(namedSchema(statusType), status) : null, 'field is immutable')];
    },
    columns: [
      nameColumn,
      textColumn('Driver', 'The driver to query pools for.', ({ spec }) => spec.driver),
      countColumn('Total', 'Total number of devices across all pools.', ({ totalDevices }) => totalDevices),
      countColumn('Available', 'Number of available devices across all pools.', (pool) => pool.availableDevices),
      countColumn('Allocated', 'Number of allocated devices across all pools.', (pool) => pool.allocatedDevices),
      countColumn('Unavailable', 'Number of unavailable devices across all pools.', (pool) => pool.unavailableDevices),
      countColumn('Errors', 'Number of pools with validation errors.', ({ validationError }) =>
        validationError === undefined ? 0 : 1,
      ),
      numberColumn('Pools', 'Total number of matching pools.', ({ status }) => status?.poolCount ?? 0),
      textColumn('Status', 'Processing status.', statusCell),
      textColumn('Completed', 'Time since the observation completed.', (request, now) => {
        const outcome = outcomeOf(request);
        return outcome?.type === 'Complete' ? ageOf(outcome.lastTransitionTime, now) : '<none>';
      }),
    ],
  },
  { gate: 'DRAResourcePoolStatus' },
);

/** The first condition that ends the request. */
const outcomeOf = ({ status }: ResourcePoolStatusRequest): Condition | undefined =>
  status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');

function statusCell(request: ResourcePoolStatusRequest): string {
  const type = outcomeOf(request)?.type ?? 'Pending';
  const { poolCount = 0, pools = [] } = request.status ?? {};
  return type === 'Complete' && poolCount > pools.length ? `Complete (${pools.length}/${poolCount} pools)` : type;
}

/** A sum over all pools; a dash until they have been looked at. */
function countColumn(name: string, description: string, count: (pool: PoolStatus) => number | undefined) {
  return textColumn<ResourcePoolStatusRequest>(name, description, (request) => {
    if (!request.status || outcomeOf(request)?.type === 'Failed') return '-';
    return String((request.status.pools ?? []).reduce((sum, pool) => sum + (count(pool) ?? 0), 0));
  });
}

function specIssues({ driver, poolName, limit }: Partial<ResourcePoolStatusRequestSpec>): Issue[] {
  return [
    ...driverIssues(driver, 'spec.driver'),
    ...(poolName === undefined ? [] : poolIssues(poolName, 'spec.poolName')),
    ...(limit === undefined ? [] : atLeast(limit, 1, 'spec.limit')),
    ...(limit !== undefined && limit > mostPools
      ? [invalid('spec.limit', limit, `must be less than or equal to ${mostPools}`)]
      : []),
  ];
}

const anyCase =
  "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character" +
  " (e.g. 'Example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function driverIssues(driver: string | undefined, field: string): Issue[] {
  if (!driver) return [required(field)];
  const lengths = driver.length > longestPool ? ['must be no more than 253 bytes'] : [];
  const small = driver.toLowerCase();
  const form = isDns1123Subdomain(small.slice(0, longestPool)).length > 0 ? [anyCase] : [];
  return [...lengths, ...form].map((text) => invalid(field, driver, text));
}

/** Each part of a pool's name, as Kubernetes' declared rules say what is wrong with it. */
function poolIssues(pool: string, field: string): Issue[] {
  const issues = pool.length > longestPool ? [tooLong(field, longestPool)] : [];
  pool.split('/').forEach((part, i) => {
    if (part === '') issues.push(invalid(field, pool, `segment ${i}: must not be empty`));
    else issues.push(...isDns1123Subdomain(part).map((text) => invalid(field, part, `segment ${i}: ${text}`)));
  });
  return issues;
}

const atLeast = (value: number, least: number, field: string): Issue[] =>
  value < least ? [invalid(field, value, `must be greater than or equal to ${least}`)] : [];

function statusIssues({ poolCount, pools, conditions }: Partial<ResourcePoolStatusRequestStatus>): Issue[] {
  const [some, said] = [pools ?? [], conditions ?? []];
  const issues = poolCount === undefined ? [required('status.poolCount')] : atLeast(poolCount, 0, 'status.poolCount');
  if (some.length > mostPools) issues.push(tooMany('status.pools', some.length, mostPools));
  else some.forEach((pool, i) => issues.push(...poolStatusIssues(pool, `status.pools[${i}]`)));
  if (said.length > mostConditions) issues.push(tooMany('status.conditions', said.length, mostConditions));
  return [...issues, ...conditionIssues(said, 'status.conditions')];
}

function poolStatusIssues(pool: PoolStatus, field: string): Issue[] {
  const counts = ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices'] as const;
  const count = (name: keyof PoolStatus, least: number) =>
    typeof pool[name] === 'number' ? atLeast(pool[name], least, `${field}.${name}`) : [];
  return [
    ...driverIssues(pool.driver, `${field}.driver`),
    ...(pool.poolName ? poolIssues(pool.poolName, `${field}.poolName`) : [required(`${field}.poolName`)]),
    ...count('generation', 0),
    ...count('resourceSliceCount', 1),
    ...counts.flatMap((name) => count(name, 0)),
    ...(pool.nodeName === undefined ? [] : complain(`${field}.nodeName`, pool.nodeName, isDns1123Subdomain)),
    ...(utf8Length(pool.validationError ?? '') > longestError
      ? [tooLong(`${field}.validationError`, longestError)]
      : []),
  ];
}
