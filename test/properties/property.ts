// What always holds, whatever happens: a random history is played in a simulated cluster, and every instant of it is judged.

import fc from 'fast-check';
import { minutes, seconds } from '../../src/base/clock.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Kind } from '../../src/api/kind.ts';
import { simulate, type Simulation } from '../../src/cluster/simulate.ts';
import { Deployment } from '../../src/kinds/apps/deployment.ts';
import { ReplicaSet } from '../../src/kinds/apps/replica-set.ts';
import { StatefulSet } from '../../src/kinds/apps/stateful-set.ts';
import { Job } from '../../src/kinds/batch/job.ts';
import { ConfigMap } from '../../src/kinds/core/config-map.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { PodDisruptionBudget } from '../../src/kinds/policy/pod-disruption-budget.ts';
import type { NodeSpec } from '../../src/node/node-object.ts';

export interface Property<Story = unknown> {
  /** One word: `npm run soak -- NAME`. */
  readonly name: string;
  readonly says: string;
  readonly nodes: readonly NodeSpec[];
  readonly stories: fc.Arbitrary<Story>;
  /** Plays the story; whoever sees something that must not be calls `broken`. */
  play(story: Story, stage: Stage): Promise<void>;
}

export interface Stage extends Simulation {
  broken(what: string): void;
  /** Lets so many seconds pass, one by one, each judged. */
  wait(seconds: number, judge?: () => void): Promise<void>;
  /** Calls for every change of a kind, the very moment it is made. Deleted objects come with `object` undefined. */
  observe<T extends KubeObject>(
    kind: Kind<T>,
    see: (change: { object: T | undefined; previous: T | undefined }) => void,
  ): Promise<void>;
}

/** Keeps the type of the story where the list of properties forgets it. */
export const property = <Story>(each: Property<Story>): Property => each as Property;

export interface Run {
  readonly seed: number;
  readonly histories: number;
  /** Where in the run of this seed a failure was: it alone is played again. */
  readonly path?: string;
}

/** Undefined when the property held; else what broke it, the shortest story that does, and how to see it again. */
export async function breach(tried: Property, { seed, histories, path }: Run): Promise<string | undefined> {
  const seeded = fc.tuple(tried.stories, fc.integer({ min: 0, max: 1_000_000 }));
  const details = await fc.check(
    fc.asyncProperty(seeded, ([story, chance]) => playOnce(tried, story, chance)),
    { seed, numRuns: histories, ...(path !== undefined && { path }) },
  );
  if (!details.failed) return undefined;
  const { counterexample, counterexamplePath, errorInstance } = details;
  return [
    `${tried.says}: not so.`,
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    `The story, and its chance: ${JSON.stringify(counterexample?.[0])}`,
    `Again: npm run soak -- ${tried.name} --seed ${details.seed} --path ${counterexamplePath}`,
  ].join('\n');
}

async function playOnce(tried: Property, story: unknown, chance: number): Promise<void> {
  const cluster = await simulate({ seed: chance, nodes: tried.nodes, leases: false });
  const faults: string[] = [];
  const stage: Stage = {
    ...cluster,
    broken: (what) => void faults.push(`at ${cluster.clock.elapsed() / 1000} s: ${what}`),
    async wait(count, judge = () => {}) {
      for (let second = 0; second < count && faults.length === 0; second++) {
        await cluster.clock.advance(seconds(1));
        judge();
      }
    },
    async observe(kind, see) {
      (await cluster.informers.of(kind)).subscribe((changes) => changes.forEach(see));
    },
  };
  try {
    await tried.play(story, stage);
    if (faults.length === 0) await comesToRest(stage);
  } finally {
    await cluster.stop();
  }
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join('\n'));
}

const restless = [Pod, Deployment, ReplicaSet, StatefulSet, Job, ConfigMap, PodDisruptionBudget] as Kind[];

/** Once nobody does anything any more, nothing changes any more: all queues have drained. */
async function comesToRest({ clock, observe, broken }: Stage): Promise<void> {
  await clock.advance(minutes(30));
  const changed = new Set<string>();
  for (const kind of restless)
    await observe(kind, ({ object, previous }) => {
      if (object || previous) changed.add(`${kind.kind} ${(object ?? previous)?.metadata.name}`);
    });
  await clock.advance(minutes(30));
  if (changed.size > 0)
    broken(`half an hour after the last act there were still changes of ${[...changed].join(', ')}`);
}

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export const isLeaving = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

/** A pod template whose container answers a probe, so that slow starts show. */
export const probed = (labels: Record<string, string>, image: string, behavior?: string) => ({
  metadata: { labels, ...(behavior && { annotations: { 'portolan.dev/behavior': behavior } }) },
  spec: {
    terminationGracePeriodSeconds: 5 as never,
    containers: [
      {
        name: 'c',
        image,
        readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
        ports: [{ containerPort: 80 }],
      },
    ],
  },
});
