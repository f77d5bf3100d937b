// How a node makes itself known and stays known: its Node object, its Lease, and its conditions.

import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { formatMicroTime } from '../base/time.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import { Lease } from '../kinds/coordination/lease.ts';
import { Node } from '../kinds/core/node.ts';
import { CSINode } from '../kinds/storage/csi-node.ts';
import {
  changesOf,
  csiNodeObject,
  labelsOf,
  leaseNamespace,
  leaseObject,
  nodeConditions,
  nodeObject,
  nodeStatus,
  wellNode,
  type NodeHealth,
  type NodeSpec,
} from './node-object.ts';

export interface Registrant {
  readonly spec: NodeSpec;
  readonly hostIP: string;
  readonly podCIDR: string;
  readonly random: Random;
}

interface Writer {
  readonly client: Client;
  readonly clock: Clock;
}

/** Creates the Node, or takes over the one that is there. */
export async function register({ client, clock }: Writer, node: Registrant, known: Node | undefined): Promise<void> {
  const { spec, hostIP, podCIDR, random } = node;
  const now = clock.now();
  const object = known ?? (await client.create(Node, nodeObject(spec, { hostIP, podCIDR, random, now })));
  const { labels = {} } = object.metadata;
  const changed = Object.entries(labelsOf(spec)).filter(([key, value]) => labels[key] !== value);
  const patch = { metadata: { labels: Object.fromEntries(changed) } };
  if (changed.length > 0) await client.patch(Node, referenceTo(object), patch, { type: 'strategic' });
  await registerDrivers(client, object);
  if (!known && changesOf(object, wellNode).length === 0) return;
  const status = nodeStatus(spec, hostIP, random, nodeConditions(object.status?.conditions, now));
  await client.patch(Node, referenceTo(object), { status }, { subresource: 'status', type: 'strategic' });
}

/** The node tells which storage drivers it has. */
async function registerDrivers(client: Client, node: Node): Promise<void> {
  try {
    await client.create(CSINode, csiNodeObject(node));
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}

/** Renews the node's lease, and makes it first where it is missing. */
export async function renewLease({ client, clock }: Writer, node: Node): Promise<void> {
  const target = { name: node.metadata.name ?? '', namespace: leaseNamespace };
  const patch = { spec: { renewTime: formatMicroTime(clock.now()) } };
  try {
    await client.patch(Lease, target, patch, { type: 'merge' });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 404) throw error;
    await client.create(Lease, leaseObject(node, clock.now()));
  }
}

export async function postConditions({ client, clock }: Writer, node: Node, health: NodeHealth): Promise<void> {
  const status = { conditions: nodeConditions(node.status?.conditions, clock.now(), health) };
  await client.patch(Node, referenceTo(node), { status }, { subresource: 'status', type: 'strategic' });
}
