// What is to be done so that a volume is attached where pods need it, and nowhere else: upstream's attach/detach controller, for one volume.

import { minutes, type Duration, type Instant } from '../../base/clock.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { isSharable, uniqueNameOf } from '../../kinds/storage/attachment.ts';
import type { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';

/** A node that does not answer may hold a volume for so long. */
export const longestUnmount: Duration = minutes(6);

export interface Present {
  readonly volume: PersistentVolume;
  readonly attachments: readonly VolumeAttachment[];
  /** The pods that need the volume, by node. */
  readonly wanted: ReadonlyMap<string, readonly Pod[]>;
  node(name: string): Node | undefined;
  /** What is remembered of the volume on a node. */
  memory(node: string): Memory;
  readonly now: Instant;
}

/** Lost in a restart, as upstream's is. */
export interface Memory {
  /** Since when it is no longer wanted there. */
  detachSince?: Instant | undefined;
  /** Whether the node said last that it has it mounted. */
  mounted: boolean;
  /** Pods there were told that the volume is elsewhere. */
  multiAttachTold: boolean;
  /** An attachment that was begun and is not through. */
  attempt?: Attempt | undefined;
}

export interface Attempt {
  readonly since: Instant;
  readonly failures: number;
  /** It failed, and begins again then. */
  readonly retryAt?: Instant;
}

export const freshMemory = (): Memory => ({ mounted: false, multiAttachTold: false });

export type Action =
  | { readonly do: 'detach'; readonly attachment: VolumeAttachment }
  | { readonly do: 'attach'; readonly node: string; readonly attachment: VolumeAttachment | undefined }
  | { readonly do: 'tell-multi-attach'; readonly node: string; readonly message: (pod: Pod) => string };

export interface Plan {
  readonly actions: readonly Action[];
  /** When to look again if nothing changes. */
  readonly next: Instant;
}

/** Volumes leave nodes before they come to others; one that can be in one place only comes to one at a time. */
export function planAttachments(present: Present): Plan {
  const leaving = present.attachments.filter(({ spec }) => !present.wanted.has(spec.nodeName));
  const decided = leaving.map((attachment) => planDetach(attachment, present));
  const actions = decided.flatMap(({ action }) => action ?? []);
  for (const node of present.wanted.keys()) {
    const isTaken = !isSharable(present.volume) && actions.some((action) => action.do !== 'tell-multi-attach');
    const action = isTaken ? undefined : planAttach(node, present);
    if (action) actions.push(action);
  }
  return { actions, next: Math.min(...decided.map(({ next }) => next), Infinity) };
}

const outOfService = 'node.kubernetes.io/out-of-service';

function planDetach(attachment: VolumeAttachment, present: Present): { action?: Action; next: Instant } {
  if (attachment.metadata.deletionTimestamp) return { next: Infinity };
  const { volume, now } = present;
  const memory = present.memory(attachment.spec.nodeName);
  const node = present.node(attachment.spec.nodeName);
  memory.detachSince ??= now;
  memory.multiAttachTold = false;
  memory.attempt = undefined;
  if (node) memory.mounted = node.status?.volumesInUse?.includes(uniqueNameOf(volume)) ?? false;
  const isExpired = now - memory.detachSince > longestUnmount;
  const isHealthy =
    node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const isOut = node?.spec.taints?.some(({ key }) => key === outOfService) ?? false;
  const isHeld = memory.mounted && !(isExpired && !isHealthy) && !isOut;
  if (!isHeld) return { action: { do: 'detach', attachment }, next: Infinity };
  return { next: isExpired ? Infinity : memory.detachSince + longestUnmount + 1 };
}

function planAttach(node: string, present: Present): Action | undefined {
  const { volume, attachments, wanted } = present;
  const own = attachments.find(({ spec }) => spec.nodeName === node);
  const memory = present.memory(node);
  if (own?.metadata.deletionTimestamp) return undefined;
  memory.detachSince = undefined;
  if (own?.status?.attached) return memory.attempt ? { do: 'attach', node, attachment: own } : undefined;
  const others = isSharable(volume) ? [] : attachments.filter(({ spec }) => spec.nodeName !== node);
  if (others.some((other) => isBusy(other, present))) return undefined;
  const holders = others.filter(({ status }) => status?.attached).map(({ spec }) => spec.nodeName);
  if (holders.length === 0) return { do: 'attach', node, attachment: own };
  if (memory.multiAttachTold) return undefined;
  const users = holders.flatMap((holder) => wanted.get(holder) ?? []);
  return { do: 'tell-multi-attach', node, message: (pod) => multiAttachText(volume, pod, users) };
}

/** It is just being attached or detached. */
function isBusy({ metadata, spec, status }: VolumeAttachment, present: Present): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  const { attempt } = present.memory(spec.nodeName);
  return !status?.attached && attempt !== undefined && attempt.retryAt === undefined;
}

/** Users in other namespaces do not see each other's names. */
function multiAttachText({ metadata: { name } }: PersistentVolume, pod: Pod, users: readonly Pod[]): string {
  const told = (text: string) => `Multi-Attach error for volume ${JSON.stringify(name)} ${text}`;
  if (users.length === 0)
    return told("Volume is already exclusively attached to one node and can't be attached to another");
  const near = users.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace);
  const far = users.length - near.length;
  const elsewhere = `${far} pod(s) in different namespaces`;
  if (near.length === 0) return told(`Volume is already used by ${elsewhere}`);
  const names = near.map(({ metadata }) => metadata.name).join(', ');
  return told(`Volume is already used by pod(s) ${names}${far > 0 ? ` and ${elsewhere}` : ''}`);
}
