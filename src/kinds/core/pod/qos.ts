// A pod's quality of service: how surely it gets what it asks for, and how late it is evicted.

import type { PodQOSClass, PodSpec, ResourceRequirements } from '../../generated/types/core-v1.ts';
import { compareAmounts, isZeroAmount, sumOfAmounts } from '../../quantities.ts';

type Amounts = Readonly<Record<string, string>>;

/** Of its processor and memory, everything is limited to what is requested (Guaranteed), nothing is said (BestEffort), or something between. */
export function qosClassOf(spec: PodSpec): PodQOSClass {
  const asking = spec.resources
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ resources }) => resources ?? {});
  const requests = totals(asking.map((each) => each.requests));
  const limits = totals(asking.map((each) => each.limits));
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  const same =
    Object.keys(requests).length === Object.keys(limits).length &&
    Object.entries(requests).every(([name, amount]) => compareAmounts(amount, limits[name]) === 0);
  return same && asking.every(isLimited) ? 'Guaranteed' : 'Burstable';
}

const counted = ['cpu', 'memory'];

const isLimited = ({ limits = {} }: ResourceRequirements): boolean =>
  counted.every((name) => !isZeroAmount(limits[name]));

function totals(all: readonly (Amounts | undefined)[]): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const amounts of all) {
    for (const name of counted) {
      const amount = amounts?.[name];
      if (amount === undefined || isZeroAmount(amount)) continue;
      sums[name] = sums[name] === undefined ? amount : sumOfAmounts([sums[name], amount]);
    }
  }
  return sums;
}
