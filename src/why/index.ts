// What can be explained: a line each. Whoever wants the list of kinds reads it here.

import type { Clock } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { type Kind, resourceKey } from '../api/kind.ts';
import type { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import type { Informers } from '../client/informers.ts';
import { DaemonSet } from '../kinds/apps/daemon-set.ts';
import { Deployment } from '../kinds/apps/deployment.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { Job } from '../kinds/batch/job.ts';
import { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Service } from '../kinds/core/service.ts';
import { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import type { Explanation, Why } from '../kinds/why/explanation.ts';
import type { Explains } from '../server/explains.ts';
import { explainClaim } from './claim.ts';
import { explainJob } from './job.ts';
import { explainNode } from './node.ts';
import { explainGone, explainPod } from './pod.ts';
import { type Departures } from './departures.ts';
import { explainService } from './service.ts';
import { byNewest, type Explain, referenceOf, type SchedulerAnswers, type WhyView } from './view.ts';
import { explainDaemonSet, explainDeployment, explainReplicaSet, explainStatefulSet } from './workload.ts';

interface Explained {
  readonly kind: Kind;
  readonly explain: Explain<KubeObject>;
}

const line = <T extends KubeObject>(kind: Kind<T>, explain: Explain<T>): Explained => ({
  kind: kind as unknown as Kind,
  explain: explain as Explain<KubeObject>,
});

const explained: readonly Explained[] = [
  line(Pod, explainPod),
  line(Node, explainNode),
  line(Service, explainService),
  line(PersistentVolumeClaim, explainClaim),
  line(Deployment, explainDeployment),
  line(ReplicaSet, explainReplicaSet),
  line(StatefulSet, explainStatefulSet),
  line(DaemonSet, explainDaemonSet),
  line(Job, explainJob),
];

/** What explanations read besides the kinds that they are about. */
const read: readonly Kind[] = [
  Event,
  EndpointSlice,
  PersistentVolume,
  PodDisruptionBudget,
  StorageClass,
] as unknown as Kind[];

export interface WhyOptions {
  readonly informers: Informers;
  readonly clock: Clock;
  readonly departures: Departures;
  readonly scheduler: () => SchedulerAnswers;
}

const eventIndex = 'involvedObject.uid';

export function createExplainer({ informers, clock, departures, scheduler }: WhyOptions): Explains {
  async function viewNow(seeksRemedies: boolean): Promise<WhyView> {
    const mirrors = new Map<string, Mirror<KubeObject>>();
    for (const kind of [...explained.map(({ kind: each }) => each), ...read]) {
      mirrors.set(resourceKey(kind), await informers.of(kind));
    }
    const of = <T extends KubeObject>(kind: Kind<T>) => mirrors.get(resourceKey(kind)) as unknown as Mirror<T>;
    const events = of(Event);
    if (!events.hasIndex(eventIndex)) events.index(eventIndex, ({ involvedObject }) => [involvedObject.uid ?? '']);
    return {
      now: clock.now(),
      of,
      events: ({ metadata }) => events.indexed(eventIndex, metadata.uid ?? '').toSorted(byNewest),
      deletion: departures.deletion,
      departure: departures.departure,
      scheduler: scheduler(),
      seeksRemedies,
    };
  }

  const explanation = ({ kind }: Explained, object: KubeObject, why: Why): Explanation => ({
    metadata: {
      name: object.metadata.name ?? '',
      ...(object.metadata.namespace && { namespace: object.metadata.namespace }),
      creationTimestamp: formatTime(clock.now()),
    },
    subject: referenceOf(kind as Kind<never>, object),
    ...why,
  });

  const find = (resource: string) => explained.find(({ kind }) => kind.plural === resource);

  return {
    async one(resource, namespace, name) {
      const about = find(resource);
      if (!about) return undefined;
      const view = await viewNow(true);
      const object = view.of(about.kind).get(name, namespace);
      if (object) return explanation(about, object, about.explain(object, view));
      const gone = view.departure(about.kind, namespace, name);
      return gone && explanation(about, gone.object, explainGone(gone, view));
    },
    async all(resource, namespace) {
      const about = find(resource);
      if (!about) return [];
      const view = await viewNow(false);
      const objects = view.of(about.kind).list(namespace || undefined);
      return objects.map((object) => explanation(about, object, about.explain(object, view)));
    },
  };
}
