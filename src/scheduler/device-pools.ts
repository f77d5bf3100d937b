// The devices that a node can have: of those that drivers publish in pools, the newest generation, if all of it has arrived.

import type { NodeSelector } from '../kinds/generated/types/core-v1.ts';
import type { Device, ResourceSlice } from '../kinds/generated/types/resource-v1.ts';
import { nodeSelectorTest } from './node-selection.ts';
import type { NodeInfo } from './node-info.ts';

/** A device, with where it comes from. */
export interface PooledDevice {
  readonly driver: string;
  readonly pool: string;
  readonly device: Device;
  readonly slice: ResourceSlice;
}

export interface Pool {
  readonly devices: readonly PooledDevice[];
  /** Parts of it have not been published yet: its devices are not given away. */
  readonly incomplete: boolean;
}

/** What tells devices apart in the whole cluster. */
export const deviceKey = ({ driver, pool, device }: { driver: string; pool: string; device: string }): string =>
  `${driver}/${pool}/${device}`;

export const keyOfPooled = ({ driver, pool, device }: PooledDevice): string =>
  deviceKey({ driver, pool, device: device.name });

/** The pools that have something for a node, in the order of their slices. */
export function poolsFor(node: NodeInfo, slices: readonly ResourceSlice[]): readonly Pool[] {
  const pools = new Map<string, ResourceSlice[]>();
  for (const slice of slices) {
    const key = `${slice.spec.driver}/${slice.spec.pool.name}`;
    pools.set(key, [...(pools.get(key) ?? []), slice]);
  }
  return [...pools.values()].flatMap((all) => poolOf(node, newestOf(all)) ?? []);
}

function newestOf(slices: readonly ResourceSlice[]): readonly ResourceSlice[] {
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation));
  return slices.filter(({ spec }) => spec.pool.generation === newest);
}

function poolOf(node: NodeInfo, slices: readonly ResourceSlice[]): Pool | undefined {
  const devices = slices.flatMap((slice) => devicesFor(node, slice));
  if (devices.length === 0) return undefined;
  return { devices, incomplete: slices.length < (slices[0]?.spec.pool.resourceSliceCount ?? 0) };
}

function devicesFor(node: NodeInfo, slice: ResourceSlice): readonly PooledDevice[] {
  const { driver, pool, perDeviceNodeSelection, devices = [] } = slice.spec;
  if (!perDeviceNodeSelection && !reaches(node, slice.spec)) return [];
  return devices
    .filter((device) => !perDeviceNodeSelection || reaches(node, device))
    .map((device) => ({ driver, pool: pool.name, device, slice }));
}

/** Where something published is to be had: on one node, on some, on all. */
interface Reach {
  readonly nodeName?: string;
  readonly nodeSelector?: NodeSelector;
  readonly allNodes?: boolean;
}

function reaches(node: NodeInfo, { nodeName, nodeSelector, allNodes }: Reach): boolean {
  if (nodeName) return nodeName === node.name;
  return allNodes === true || (nodeSelector !== undefined && nodeSelectorTest(nodeSelector)(node));
}

/** From which nodes all these devices can be reached; undefined: from all. */
export function reachOf(devices: readonly PooledDevice[]): NodeSelector | undefined {
  const reaches = devices.map(({ device, slice }): Reach => (slice.spec.perDeviceNodeSelection ? device : slice.spec));
  const local = reaches.find(({ nodeName }) => nodeName)?.nodeName;
  if (local) {
    const onlyThere = { key: 'metadata.name', operator: 'In' as const, values: [local] };
    return { nodeSelectorTerms: [{ matchFields: [onlyThere] }] };
  }
  const terms = reaches.flatMap(({ nodeSelector }) => nodeSelector?.nodeSelectorTerms ?? []);
  if (terms.length === 0) return undefined;
  const matchExpressions = terms.flatMap((term) => term.matchExpressions ?? []);
  const matchFields = terms.flatMap((term) => term.matchFields ?? []);
  return {
    nodeSelectorTerms: [
      { ...(matchExpressions.length > 0 && { matchExpressions }), ...(matchFields.length > 0 && { matchFields }) },
    ],
  };
}
