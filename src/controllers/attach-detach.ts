// Has volumes attached to the nodes whose pods need them, and detached when they do not: through VolumeAttachment objects, which a driver's
// attacher answers. Nodes learn from their status what is attached to them.

import type { Instant } from '../base/clock.ts';
import { utf8 } from '../base/bytes.ts';
import { hexOf } from '../base/der.ts';
import type { Reference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { Node } from '../kinds/core/node.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isAttachable, uniqueNameOf } from '../kinds/storage/attachment.ts';
import { CSIDriver } from '../kinds/storage/csi-driver.ts';
import { VolumeAttachment } from '../kinds/storage/volume-attachment.ts';
import { deepEqual } from '../base/equal.ts';
import { type Context, type Controller, defineController, indexing, watching } from '../reconcile/controller.ts';
import { claimsOf } from '../server/pod-references.ts';
import { attachedVolume, attachmentsByVolume, attachmentsOf } from './attach-detach/attachments.ts';
import { progressOf } from './attach-detach/attempt.ts';
import { type Action, freshMemory, type Memory, planAttachments } from './attach-detach/plan.ts';
import { claimNameOf, foreignClaim, podsByClaim, podsOfClaim } from './persistent-volume/claims.ts';
import { isTerminated, podsByNode, podsOn } from './pods.ts';

const source = 'attachdetach-controller';
/** Only nodes that say so leave attaching to this controller. */
const managed = 'volumes.kubernetes.io/controller-managed-attach-detach';

const byNode = indexing({
  kind: VolumeAttachment,
  name: 'spec.nodeName',
  keys: ({ spec }) => [spec.nodeName],
});

type Present = Pick<Context, 'lister'>;

/** The volumes behind a pod's claims, once it has a node. */
const volumesOfPod = (pod: Pod, { lister }: Present): Reference[] =>
  pod.spec.nodeName
    ? claimsOf(pod).flatMap((name) => {
        const volume = lister(PersistentVolumeClaim).get(name, pod.metadata.namespace)?.spec?.volumeName;
        return volume ? [{ name: volume, namespace: '' }] : [];
      })
    : [];

/** What of a node decides about its volumes. */
const relevant = ({ metadata, spec, status }: Node) => [
  status?.volumesInUse,
  status?.conditions?.find(({ type }) => type === 'Ready')?.status,
  spec.taints,
  metadata.annotations?.[managed],
];

/** @param sha256 names attachments as upstream does */
export function attachDetachControllers(sha256: (bytes: Uint8Array) => Promise<Uint8Array>): readonly Controller[] {
  /** By volume, then by node. */
  const memories = new Map<string, Map<string, Memory>>();
  /** `node/volume` of those about to be detached: nodes are told before. */
  const leaving = new Set<string>();
  /** What was reported to each node, by this program or an earlier run. */
  const reported = new Map<string, ReadonlySet<string>>();

  const volumes = defineController<PersistentVolume>({
    name: source,
    for: PersistentVolume,
    watches: [
      watching(Pod, (pod, _previous, context) => volumesOfPod(pod, context)),
      watching(PersistentVolumeClaim, ({ spec }) =>
        spec?.volumeName ? [{ name: spec.volumeName, namespace: '' }] : [],
      ),
      watching(Node, (node, previous, context) => {
        if (previous && deepEqual(relevant(node), relevant(previous))) return [];
        const { name = '' } = node.metadata;
        return [
          ...context.lister(VolumeAttachment).indexed(byNode.name, name).flatMap(attachedVolume),
          ...podsOn(name, context).flatMap((pod) => volumesOfPod(pod, context)),
        ];
      }),
      watching(VolumeAttachment, attachedVolume),
      watching(CSIDriver, ({ metadata }, _previous, { lister }) =>
        lister(PersistentVolume)
          .list()
          .filter(({ spec }) => spec?.csi?.driver === metadata.name)
          .map(({ metadata: { name = '' } }) => ({ name, namespace: '' })),
      ),
    ],
    indexes: [attachmentsByVolume, byNode, podsByClaim, podsByNode],

    async reconcile(volume, context) {
      const { name = '' } = volume.metadata;
      const { lister, clock } = context;
      const attachments = attachmentsOf(volume, context);
      const wanted = wantedOn(volume, attachments, context);
      if (attachments.length === 0 && wanted.size === 0) return void memories.delete(name);
      const own = memories.get(name) ?? new Map<string, Memory>();
      memories.set(name, own);
      const memory = (node: string): Memory => {
        const known = own.get(node) ?? freshMemory();
        own.set(node, known);
        return known;
      };
      const now = clock.now();
      const node = (of: string) => lister(Node).get(of);
      const plan = planAttachments({ volume, attachments, wanted, node, memory, now });
      let next = plan.next;
      for (const action of plan.actions) next = Math.min(next, await act(action, { volume, wanted, memory, context }));
      for (const each of own.keys())
        if (!wanted.has(each) && !attachments.some(({ spec }) => spec.nodeName === each)) own.delete(each);
      return next === Infinity ? undefined : { after: Math.max(0, next - clock.now()) };
    },

    async gone({ name }, context) {
      memories.delete(name);
      for (const attachment of attachmentsOf({ metadata: { name } }, context))
        if (!attachment.metadata.deletionTimestamp) await context.delete(VolumeAttachment, attachment);
    },
  });

  interface Scope {
    readonly volume: PersistentVolume;
    readonly wanted: ReadonlyMap<string, readonly Pod[]>;
    readonly memory: (node: string) => Memory;
    readonly context: Context;
  }

  /** Resolves with when to look again. */
  async function act(action: Action, scope: Scope): Promise<Instant> {
    const { volume, wanted, memory, context } = scope;
    switch (action.do) {
      case 'detach':
        await detach(action.attachment, volume, context);
        return Infinity;
      case 'tell-multi-attach':
        memory(action.node).multiAttachTold = true;
        for (const pod of wanted.get(action.node) ?? []) tell(pod, action.message(pod), context, 'FailedAttachVolume');
        return Infinity;
      case 'attach':
        return attach(action.node, action.attachment, scope);
    }
  }

  async function attach(node: string, attachment: VolumeAttachment | undefined, scope: Scope): Promise<Instant> {
    const { volume, wanted, memory, context } = scope;
    if (!attachment) await request(volume, node, context);
    const state = memory(node);
    const progress = progressOf(state.attempt, { volume, attachment, now: context.clock.now() });
    state.attempt = progress.is === 'attached' ? undefined : progress.attempt;
    if (progress.is === 'waiting') return progress.until;
    const of = `for volume ${JSON.stringify(volume.metadata.name)}`;
    const pods = wanted.get(node) ?? [];
    if (progress.is === 'attached') {
      for (const pod of pods) tell(pod, `AttachVolume.Attach succeeded ${of} `, context, 'SuccessfulAttachVolume');
      return Infinity;
    }
    for (const pod of pods)
      tell(pod, `AttachVolume.Attach failed ${of} : ${progress.message}`, context, 'FailedAttachVolume');
    return progress.attempt.retryAt ?? Infinity;
  }

  async function request(volume: PersistentVolume, nodeName: string, { create }: Context): Promise<void> {
    const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {};
    const digest = await sha256(utf8(`${volumeHandle}${driver}${nodeName}`));
    const persistentVolumeName = volume.metadata.name ?? '';
    try {
      await create(VolumeAttachment, {
        metadata: { name: `csi-${hexOf(digest)}` },
        spec: { attacher: driver, nodeName, source: { persistentVolumeName } },
      });
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    }
  }

  /** First the node learns that the volume is not safe to mount any more. */
  async function detach(attachment: VolumeAttachment, volume: PersistentVolume, context: Context): Promise<void> {
    const { nodeName } = attachment.spec;
    const key = `${nodeName}/${uniqueNameOf(volume)}`;
    leaving.add(key);
    try {
      await report(nodeName, context);
      await context.delete(VolumeAttachment, attachment);
    } finally {
      leaving.delete(key);
    }
  }

  const nodes = defineController<Node>({
    name: 'attachdetach-node-status',
    for: Node,
    watches: [
      watching(VolumeAttachment, ({ spec }) => [{ name: spec.nodeName, namespace: '' }]),
      watching(PersistentVolume, () => []),
    ],
    indexes: [byNode],
    reconcile: ({ metadata: { name = '' } }, context) => report(name, context),
    async gone({ name }) {
      reported.delete(name);
    },
  });

  /** What others wrote there stays. */
  async function report(nodeName: string, { lister, patch }: Context): Promise<void> {
    const node = lister(Node).get(nodeName);
    if (!node) return;
    const present = node.status?.volumesAttached ?? [];
    const before =
      reported.get(nodeName) ??
      new Set(present.map(({ name }) => name).filter((name) => name.startsWith('kubernetes.io/csi/')));
    const attached = lister(VolumeAttachment)
      .indexed(byNode.name, nodeName)
      .filter(({ metadata, status }) => status?.attached && !metadata.deletionTimestamp)
      .flatMap(({ spec }) => lister(PersistentVolume).get(spec.source.persistentVolumeName ?? '') ?? [])
      .map(uniqueNameOf)
      .filter((name) => !leaving.has(`${nodeName}/${name}`));
    const kept = present.filter(({ name }) => attached.includes(name) || !before.has(name));
    const added = attached.filter((name) => !kept.some((each) => each.name === name));
    reported.set(nodeName, new Set(attached));
    if (kept.length === present.length && added.length === 0) return;
    const volumesAttached = [...kept, ...added.map((name) => ({ name, devicePath: '' }))];
    const { resourceVersion } = node.metadata;
    await patch(
      Node,
      node,
      {
        metadata: { resourceVersion },
        status: { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null },
      },
      { subresource: 'status', type: 'strategic' },
    );
  }

  return [volumes, nodes];
}

function tell(
  pod: Pod,
  message: string,
  { event }: Context,
  reason: 'SuccessfulAttachVolume' | 'FailedAttachVolume',
): void {
  const type = reason === 'FailedAttachVolume' ? 'Warning' : 'Normal';
  event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, { type, reason, message });
}

/** The pods that need the volume, by the node they are on. A node that has it already counts even when it is gone. */
function wantedOn(
  volume: PersistentVolume,
  attachments: readonly VolumeAttachment[],
  context: Present,
): ReadonlyMap<string, readonly Pod[]> {
  const { lister } = context;
  const { name = '', namespace = '', uid } = volume.spec?.claimRef ?? {};
  const claim = lister(PersistentVolumeClaim).get(name, namespace);
  const isBound =
    claim?.metadata.uid === uid && claim?.status?.phase === 'Bound' && claim.spec?.volumeName === volume.metadata.name;
  const wanted = new Map<string, Pod[]>();
  if (!claim || !isBound || !isAttachable(volume, (driver) => lister(CSIDriver).get(driver))) return wanted;
  for (const pod of podsOfClaim(claim, context)) {
    const node = pod.spec.nodeName ?? '';
    if (!node || isTerminated(pod) || !mounts(pod, claim)) continue;
    const isManaged = lister(Node).get(node)?.metadata.annotations?.[managed] !== undefined;
    if (!isManaged && !attachments.some(({ spec }) => spec.nodeName === node)) continue;
    wanted.set(node, [...(wanted.get(node) ?? []), pod]);
  }
  return wanted;
}

/** An ephemeral volume whose claim is another's is not the pod's. */
const mounts = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  (pod.spec.volumes ?? []).some(
    (volume) =>
      claimNameOf(pod, volume) === claim.metadata.name && (!volume.ephemeral || foreignClaim(pod, claim) === undefined),
  );
