// Stands in for the attachers of all drivers: attaches volumes to nodes, and detaches them, when a VolumeAttachment says so.

import { formatTime } from '../../base/time.ts';
import { seconds, minutes, type Duration } from '../../base/clock.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { isSharable } from '../../kinds/storage/attachment.ts';
import { CSINode } from '../../kinds/storage/csi-node.ts';
import { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { attachedVolume, attachmentsByVolume, attachmentsOf } from '../attach-detach/attachments.ts';
import { agent, finalizersPatch, pacing, sanitized } from './driver.ts';

const finalizerOf = ({ spec }: VolumeAttachment): string => `external-attacher/${sanitized(spec.attacher)}`;
const nodeIdAnnotation = 'csi.alpha.kubernetes.io/node-id';

/** What was refused is asked again after a second, then after twice as long each time. */
const retries = { first: seconds(1), most: minutes(5) };

export function volumeAttacher(): Controller {
  const pace = pacing();
  const delays = new Map<string, Duration>();

  async function refuse(attachment: VolumeAttachment, fault: Fault, { client, clock }: Context) {
    const { uid = '' } = attachment.metadata;
    const delay = Math.min((delays.get(uid) ?? retries.first / 2) * 2, retries.most);
    delays.set(uid, delay);
    const { message, code } = fault;
    const known = attachment.status?.attachError;
    if (known?.message !== message) {
      const attachError = { time: formatTime(clock.now()), message, ...(code !== undefined && { errorCode: code }) };
      await client.updateStatus(VolumeAttachment, { ...attachment, status: { attached: false, attachError } });
    }
    return { after: delay };
  }

  return defineController<VolumeAttachment>({
    name: 'portolan-volume-attacher',
    agent,
    for: VolumeAttachment,
    watches: [
      watching(PersistentVolume, () => []),
      watching(CSINode, () => []),
      // Who waits until a volume is free looks again when it is.
      watching(VolumeAttachment, (attachment, _previous, context) =>
        attachmentsOf({ metadata: { name: attachment.spec.source.persistentVolumeName ?? '' } }, context).map(
          ({ metadata }) => ({ name: metadata.name ?? '', namespace: '' }),
        ),
      ),
    ],
    indexes: [attachmentsByVolume],

    async reconcile(attachment, context) {
      const { uid = '', deletionTimestamp } = attachment.metadata;
      if (deletionTimestamp) return detach(attachment, context);
      if (attachment.status?.attached) return;
      const fault = faultOf(attachment, context);
      if (fault) return refuse(attachment, fault, context);
      if (await prepare(attachment, context)) return;
      const after = pace.remaining(uid, context);
      if (after > 0) return { after };
      delays.delete(uid);
      await context.client.updateStatus(VolumeAttachment, { ...attachment, status: { attached: true } });
    },
  });

  async function detach(attachment: VolumeAttachment, context: Context) {
    const { uid = '', finalizers = [] } = attachment.metadata;
    if (!finalizers.includes(finalizerOf(attachment))) return undefined;
    const after = pace.remaining(`${uid}/detach`, context);
    if (after > 0) return { after };
    pace.forget(uid);
    delays.delete(uid);
    const patch = finalizersPatch(attachment, { remove: finalizerOf(attachment) });
    if (patch) await context.patch(VolumeAttachment, attachment, patch, { type: 'merge' });
    return undefined;
  }
}

interface Fault {
  readonly message: string;
  /** Of gRPC. */
  readonly code?: number;
}

/** Why a driver would not attach the volume. */
function faultOf(attachment: VolumeAttachment, context: Context): Fault | undefined {
  const { attacher, nodeName, source } = attachment.spec;
  const name = source.persistentVolumeName ?? '';
  const volume = context.lister(PersistentVolume).get(name);
  if (!volume) return { message: `persistentvolume ${JSON.stringify(name)} not found` };
  if (volume.metadata.deletionTimestamp)
    return { message: `PersistentVolume ${JSON.stringify(name)} is marked for deletion` };
  const other = attachmentsOf(volume, context).find(
    (each) => each.spec.nodeName !== nodeName && each.metadata.finalizers?.includes(finalizerOf(each)),
  );
  if (other && !isSharable(volume))
    return {
      message: `rpc error: code = FailedPrecondition desc = volume ${volume.spec?.csi?.volumeHandle} is attached to node ${other.spec.nodeName}`,
      code: 9,
    };
  const limit = context
    .lister(CSINode)
    .get(nodeName)
    ?.spec.drivers?.find(({ name: driver }) => driver === attacher)?.allocatable?.count;
  const present = context
    .lister(VolumeAttachment)
    .list()
    .filter(({ spec, status }) => spec.nodeName === nodeName && spec.attacher === attacher && status?.attached);
  if (limit === undefined || present.length < limit) return undefined;
  return {
    message: `rpc error: code = ResourceExhausted desc = node ${nodeName} takes no more than ${limit} volumes`,
    code: 8,
  };
}

/** The marks that keep the volume and its attachment until they are parted. Returns whether something had to be written. */
async function prepare(attachment: VolumeAttachment, { lister, patch }: Context): Promise<boolean> {
  const volume = lister(PersistentVolume).get(attachment.spec.source.persistentVolumeName ?? '');
  const held = volume && finalizersPatch(volume, { add: finalizerOf(attachment) });
  if (volume && held) await patch(PersistentVolume, volume, held, { type: 'merge' });
  const own = finalizersPatch(attachment, { add: finalizerOf(attachment) });
  if (!own) return false;
  const annotations = { [nodeIdAnnotation]: attachment.spec.nodeName };
  await patch(VolumeAttachment, attachment, { metadata: { ...own.metadata, annotations } }, { type: 'merge' });
  return true;
}

/** Lets a volume that is being deleted go once it is attached nowhere. */
export const attachedVolumeProtection: Controller = defineController<PersistentVolume>({
  name: 'portolan-attached-volume-protection',
  agent,
  for: PersistentVolume,
  watches: [watching(VolumeAttachment, attachedVolume)],
  indexes: [attachmentsByVolume],

  async reconcile(volume, context) {
    const finalizer = volume.metadata.finalizers?.find((each) => each.startsWith('external-attacher/'));
    if (!volume.metadata.deletionTimestamp || !finalizer || attachmentsOf(volume, context).length > 0) return;
    const patch = finalizersPatch(volume, { remove: finalizer });
    if (patch) await context.patch(PersistentVolume, volume, patch, { type: 'merge' });
  },
});
