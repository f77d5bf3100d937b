// Stands in for the resizers of all drivers: gives volumes the attributes of another VolumeAttributesClass.

import { formatTime } from '../../base/time.ts';
import { referenceTo } from '../../client/client.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { VolumeAttributesClass } from '../../kinds/storage/volume-attributes-class.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { writeStatus } from '../statuses.ts';
import { agent, pacing } from './driver.ts';

type Status = NonNullable<PersistentVolumeClaim['status']>;

export function volumeModifier(): Controller {
  const pace = pacing();
  return defineController<PersistentVolumeClaim>({
    name: 'portolan-volume-modifier',
    source: 'external-resizer',
    agent,
    for: PersistentVolumeClaim,
    watches: [
      watching(PersistentVolume, () => []),
      watching(VolumeAttributesClass, ({ metadata: { name } }, _previous, { lister }) =>
        lister(PersistentVolumeClaim)
          .list()
          .filter(({ spec }) => spec?.volumeAttributesClassName === name)
          .map(referenceTo),
      ),
    ],

    async reconcile(claim, context) {
      const volume = context.lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
      if (!volume?.spec?.csi || claim.status?.phase !== 'Bound') return;
      const { uid = '' } = claim.metadata;
      const plan = planModification(claim, context, pace.isUnderWay(uid));
      if (plan.do === 'begin') return begin(claim, plan.target, context);
      if (plan.do === 'wait') return wait(claim, plan.target, context);
      if (plan.do === 'cancel') return cancel(claim, context);
      if (plan.do !== 'go-on') return;
      const after = pace.remaining(uid, context);
      if (after > 0) return { after };
      await finish(claim, volume, plan.target, context);
    },
  });
}

type Plan =
  | { readonly do: 'rest' }
  | { readonly do: 'cancel' }
  | { readonly do: 'begin' | 'go-on' | 'wait'; readonly target: string };

/** @param isBusy the driver is at it: its target is not changed under its hands */
export function planModification(
  { spec, status }: PersistentVolumeClaim,
  { lister }: Pick<Context, 'lister'>,
  isBusy: boolean,
): Plan {
  const wanted = spec?.volumeAttributesClassName ?? '';
  const modification = status?.modifyVolumeStatus;
  const target = modification?.targetVolumeAttributesClassName ?? '';
  if (!modification && wanted === (status?.currentVolumeAttributesClassName ?? '')) return { do: 'rest' };
  const isInProgress = modification?.status === 'InProgress';
  if (isInProgress && (isBusy || wanted === '' || wanted === target)) return { do: 'go-on', target };
  if (wanted === '') return { do: 'cancel' };
  if (lister(VolumeAttributesClass).get(wanted)) return { do: 'begin', target: wanted };
  return modification?.status === 'Pending' ? { do: 'rest' } : { do: 'wait', target: wanted };
}

const withoutModifying = ({ conditions = [] }: Status) =>
  conditions.filter(({ type }) => type !== 'ModifyingVolume' && type !== 'ModifyVolumeError');

async function begin(claim: PersistentVolumeClaim, target: string, context: Context): Promise<void> {
  const status = claim.status ?? {};
  const now = formatTime(context.clock.now());
  const message = `Modifying volume to ${JSON.stringify(target)} is in progress.`;
  const known = status.conditions?.find(({ type, status: is }) => type === 'ModifyingVolume' && is === 'True');
  const modifying = {
    type: 'ModifyingVolume',
    status: 'True' as const,
    lastProbeTime: now,
    lastTransitionTime: known?.lastTransitionTime ?? now,
    message,
  };
  await writeStatus(context, PersistentVolumeClaim, claim, {
    ...status,
    conditions: [...(status.conditions ?? []).filter(({ type }) => type !== 'ModifyingVolume'), modifying],
    modifyVolumeStatus: { targetVolumeAttributesClassName: target, status: 'InProgress' },
  });
  context.event(claim, {
    reason: 'VolumeModify',
    message: `external resizer is modifying volume ${claim.metadata.name} with vac ${target}`,
  });
}

/** For a class that does not exist yet. */
async function wait(claim: PersistentVolumeClaim, target: string, context: Context): Promise<void> {
  const message = `VAC ${JSON.stringify(target)} does not exist.`;
  context.event(claim, { type: 'Warning', reason: 'VolumeModifyFailed', message });
  await writeStatus(context, PersistentVolumeClaim, claim, {
    ...claim.status,
    modifyVolumeStatus: { ...claim.status?.modifyVolumeStatus, status: 'Pending' },
  });
}

async function cancel(claim: PersistentVolumeClaim, context: Context): Promise<void> {
  const status = claim.status ?? {};
  if (!status.conditions?.some(({ type }) => type === 'ModifyingVolume')) return;
  context.event(claim, { reason: 'VolumeModifyCanceled', message: 'Cancelled modify.' });
  const conditions = status.conditions.filter(({ type }) => type !== 'ModifyingVolume');
  await writeStatus(context, PersistentVolumeClaim, claim, { ...status, conditions });
}

async function finish(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  target: string,
  context: Context,
): Promise<void> {
  await context.patch(PersistentVolume, volume, { spec: { volumeAttributesClassName: target } }, { type: 'merge' });
  const { modifyVolumeStatus: _, conditions: __, ...status } = claim.status ?? {};
  const conditions = withoutModifying(claim.status ?? {});
  await writeStatus(context, PersistentVolumeClaim, claim, {
    ...status,
    ...(conditions.length > 0 && { conditions }),
    currentVolumeAttributesClassName: target,
  });
  context.event(claim, {
    reason: 'VolumeModifySuccessful',
    message: `external resizer modified volume ${claim.metadata.name} with vac ${target} successfully`,
  });
}
