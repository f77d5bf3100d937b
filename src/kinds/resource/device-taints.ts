// Devices with all their taints: those their driver publishes, and those that rules put on them.

import type { Device } from '../generated/types/resource-v1.ts';
import type { DeviceTaintRule } from './device-taint-rule.ts';
import type { ResourceSlice } from './resource-slice.ts';

/** The slices as if the drivers had published the taints of the rules. */
export function withRuleTaints(
  slices: readonly ResourceSlice[],
  rules: readonly DeviceTaintRule[],
): readonly ResourceSlice[] {
  if (rules.length === 0) return slices;
  return slices.map((slice) => {
    const { devices } = slice.spec;
    return devices ? { ...slice, spec: { ...slice.spec, devices: devices.map(tainted) } } : slice;

    function tainted(device: Device): Device {
      const added = rules.filter((rule) => isAbout(rule, slice, device.name)).flatMap(({ spec }) => spec.taint ?? []);
      return added.length > 0 ? { ...device, taints: [...(device.taints ?? []), ...added] } : device;
    }
  });
}

/** A rule without a selector is about no device, one with an empty selector about all. */
function isAbout({ spec: { deviceSelector } }: DeviceTaintRule, { spec }: ResourceSlice, name: string): boolean {
  if (!deviceSelector) return false;
  const { driver = spec.driver, pool = spec.pool.name, device = name } = deviceSelector;
  return driver === spec.driver && pool === spec.pool.name && device === name;
}
