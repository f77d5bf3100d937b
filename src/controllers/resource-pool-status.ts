// Answers once how many devices of a driver's pools are given to claims and how many are free, and forgets the answer after an hour.

import { hours, type Instant } from '../base/clock.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { DeviceTaintRule } from '../kinds/resource/device-taint-rule.ts';
import { withRuleTaints } from '../kinds/resource/device-taints.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { ResourceClaim as ResourceClaimKind } from '../kinds/resource/resource-claim.ts';
import { ResourcePoolStatusRequest } from '../kinds/resource/resource-pool-status-request.ts';
import { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import type { PoolStatus } from '../kinds/generated/types/resource-v1alpha3.ts';
import { defineController, watching } from '../reconcile/controller.ts';

/** How long an answer may be read. */
const lifetime = hours(1);

export const resourcePoolStatusController = defineController<ResourcePoolStatusRequest>({
  name: 'resourcepoolstatusrequest-controller',
  for: ResourcePoolStatusRequest,
  watches: [
    watching(ResourceSlice, () => []),
    watching(ResourceClaimKind, () => []),
    watching(DeviceTaintRule, () => []),
  ],

  async reconcile(request, { clock, lister, delete: remove }) {
    const answered = answeredAt(request);
    if (answered === undefined) {
      const slices = withRuleTaints(lister(ResourceSlice).list(), lister(DeviceTaintRule).list());
      return { status: planStatus(request, slices, lister(ResourceClaimKind).list(), clock.now()), after: lifetime };
    }
    const left = answered + lifetime - clock.now();
    if (left > 0) return { after: left };
    await remove(ResourcePoolStatusRequest, request);
    return undefined;
  },
});

function answeredAt({ status }: ResourcePoolStatusRequest): Instant | undefined {
  const done = status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed');
  return done && parseTime(done.lastTransitionTime ?? '');
}

type Status = NonNullable<ResourcePoolStatusRequest['status']>;

const defaultLimit = 100;

/** The whole answer, without a clock or a client. */
export function planStatus(
  { spec }: Pick<ResourcePoolStatusRequest, 'spec'>,
  slices: readonly ResourceSlice[],
  claims: readonly ResourceClaim[],
  now: Instant,
): Status {
  const wanted = slices.filter(
    ({ spec: { driver, pool } }) =>
      driver === spec.driver && (spec.poolName === undefined || pool.name === spec.poolName),
  );
  const names = [...new Set(wanted.map((slice) => slice.spec.pool.name))].sort();
  const pools = names
    .slice(0, spec.limit ?? defaultLimit)
    .map((name) => poolStatus(spec.driver, name, wanted, allocatedIn(claims, spec.driver, name)));
  const incomplete = pools.filter(({ validationError }) => validationError !== undefined).length;
  return {
    poolCount: names.length,
    ...(pools.length > 0 && { pools }),
    conditions: [
      {
        type: 'Complete',
        status: 'True',
        lastTransitionTime: formatTime(now),
        reason: 'CalculationComplete',
        message: `Calculated status for ${pools.length} pools${incomplete > 0 ? ` (${incomplete} incomplete)` : ''}`,
      },
    ],
  };
}

/** Only the newest generation counts; while it is not whole nothing is counted. */
function poolStatus(
  driver: string,
  poolName: string,
  slices: readonly ResourceSlice[],
  taken: Set<string>,
): PoolStatus {
  const all = slices.filter(({ spec }) => spec.pool.name === poolName);
  const generation = Math.max(...all.map(({ spec }) => spec.pool.generation));
  const newest = all.filter(({ spec }) => spec.pool.generation === generation);
  const expected = newest[0]?.spec.pool.resourceSliceCount ?? 0;
  const [first, ...others] = newest.map(({ spec }) => spec.nodeName);
  const known = {
    driver,
    poolName,
    generation,
    ...(first !== undefined && others.every((name) => name === first) && { nodeName: first }),
  };
  if (newest.length < expected) {
    const seen = `observed ${newest.length}/${expected} slices at generation ${generation}`;
    const why = `PoolIncomplete: pool ${driver}/${poolName} is incomplete: ${seen}`;
    return { ...known, validationError: why.slice(0, 256) };
  }
  const devices = newest.flatMap(({ spec }) => spec.devices ?? []);
  const unavailableDevices = devices.filter(isTainted).length;
  return {
    ...known,
    resourceSliceCount: newest.length,
    totalDevices: devices.length,
    allocatedDevices: taken.size,
    availableDevices: Math.max(0, devices.length - taken.size - unavailableDevices),
    unavailableDevices,
  };
}

type Device = NonNullable<ResourceSlice['spec']['devices']>[number];

const isTainted = ({ taints = [] }: Device): boolean =>
  taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');

/** The devices that claims have; whoever only looks after a device does not have it. */
const allocatedIn = (claims: readonly ResourceClaim[], driver: string, pool: string): Set<string> =>
  new Set(
    claims.flatMap(({ status }) =>
      (status?.allocation?.devices?.results ?? [])
        .filter((result) => result.driver === driver && result.pool === pool && result.adminAccess !== true)
        .map(({ device }) => device),
    ),
  );
