// Evicts pods from nodes with a NoExecute taint they do not tolerate, or not for that long.

import type { Duration, Instant } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import { formatTime } from '../base/time.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { PodCondition, Taint } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { podsByNode, podsOn } from './pods.ts';
import { tolerates, untolerated } from './taints.ts';
import { withoutCondition } from './statuses.ts';

/** How long the pod's tolerations of these taints, all of which it tolerates, let it stay: undefined for ever. */
export function staysFor({ spec: { tolerations = [] } }: Pod, taints: readonly Taint[]): Duration | undefined {
  const used = tolerations.filter((toleration) => taints.some((taint) => tolerates(toleration, taint)));
  const limits = used.flatMap(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? [] : Number(tolerationSeconds),
  );
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits)) * 1000;
}

const evicting = (node: Node | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/** The status of a pod that something is about to delete, with the condition that says why. */
export function withDisruption(pod: Pod, reason: string, message: string, now: Instant): NonNullable<Pod['status']> {
  const news: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason,
    message,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  };
  return { ...pod.status, conditions: [...withoutCondition(pod.status?.conditions, news.type), news] };
}

interface Appointment {
  readonly uid: string;
  readonly at: Instant;
  readonly kept: boolean;
}

export function taintEvictionController(): Controller {
  /** When pods go that have to live with such taints, by key. The first appointment stands, whatever taints come after it. */
  const appointments = new Map<string, Appointment>();

  function cancel(pod: Pod, key: string, context: Context): void {
    const known = appointments.get(key);
    appointments.delete(key);
    if (known && !known.kept) tell(pod, 'Cancelling deletion of Pod', context);
  }

  /** The appointment of a pod with this limit, made now if there is none. */
  function appoint(pod: Pod, key: string, limit: Duration, now: Instant): Appointment {
    const { uid = '' } = pod.metadata;
    const known = appointments.get(key);
    if (known?.uid === uid) return known;
    const made = { uid, at: now + limit, kept: false };
    appointments.set(key, made);
    return made;
  }

  return defineController<Pod>({
    name: 'taint-eviction-controller',
    for: Pod,
    watches: [
      watching(Node, (node, previous, context) =>
        deepEqual(node.spec?.taints, previous?.spec?.taints)
          ? []
          : podsOn(node.metadata.name ?? '', context).map(referenceTo),
      ),
    ],
    indexes: [podsByNode],

    async reconcile(pod, context) {
      const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
      const now = context.clock.now();
      if (!pod.spec.nodeName) return;
      const taints = evicting(context.lister(Node).get(pod.spec.nodeName));
      if (taints.length === 0) return cancel(pod, key, context);
      const tolerated = untolerated(taints, pod.spec.tolerations ?? []).length === 0;
      const limit = tolerated ? staysFor(pod, taints) : 0;
      if (limit === undefined) return cancel(pod, key, context);
      if (!tolerated && (appointments.get(key)?.at ?? now) > now) cancel(pod, key, context);
      const appointment = appoint(pod, key, limit, now);
      if (appointment.kept) return;
      if (appointment.at > now) return { after: appointment.at - now };
      await evict(pod, context);
      appointments.set(key, { ...appointment, kept: true });
      return;
    },

    async gone({ namespace, name }) {
      appointments.delete(`${namespace}/${name}`);
    },
  });
}

/** Told without the pod's uid, as Kubernetes does. */
const tell = ({ metadata: { name = '', namespace = '' } }: Pod, what: string, context: Context): void =>
  context.event(
    { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    { reason: 'TaintManagerEviction', message: `${what} ${namespace}/${name}` },
  );

async function evict(pod: Pod, context: Context): Promise<void> {
  tell(pod, 'Marking for deletion Pod', context);
  const status = withDisruption(
    pod,
    'DeletionByTaintManager',
    'Taint manager: deleting due to NoExecute taint',
    context.clock.now(),
  );
  await context.client.updateStatus(Pod, { ...pod, status });
  await context.delete(Pod, pod);
}
