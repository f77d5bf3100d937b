// A rolling update, watched second by second: how many pods are ready, and of which version.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { UserError } from '../errors.ts';
import { type DeploymentView, isReady, podsOf } from './shop.ts';
import { bar, type Stage } from './stage.ts';

const patience = 45_000;
const every = 500;

interface Sample {
  readonly second: number;
  readonly ready: number;
  readonly fresh: number;
}

/** Rolls the Deployment to the image, draws what happens, and says in sentences what came of it. */
export async function roll(
  api: Api,
  namespace: string,
  name: string,
  image: string,
  stage: Stage,
): Promise<readonly string[]> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { spec } = await api.call<DeploymentView>('GET', path);
  await api.call(
    'PATCH',
    path,
    { spec: { template: { spec: { containers: [{ name, image }] } } } },
    'application/strategic-merge-patch+json',
  );
  const samples: Sample[] = [];
  const began = performance.now();
  for (;;) {
    const [sample, done] = await look(api, namespace, name, image, (performance.now() - began) / 1000);
    samples.push(sample);
    stage.progress(chart(samples, spec.replicas).join('  '));
    if (done) break;
    if (performance.now() - began > patience)
      throw new UserError(`the roll of ${name} did not finish within ${patience / 1000} s`, 1);
    await sleep(every);
  }
  for (const line of chart(samples, spec.replicas)) stage.line(line);
  const least = Math.min(...samples.map(({ ready }) => ready));
  const verdict = least >= spec.replicas ? 'never fell below' : `fell to ${least} below`;
  return [
    `Ready pods ${verdict} the ${spec.replicas} wanted: maxUnavailable 0 lets an old pod go only once a new one is ready.`,
    `The roll took ${samples.at(-1)?.second.toFixed(1)} s.`,
  ];
}

async function look(
  api: Api,
  namespace: string,
  name: string,
  image: string,
  second: number,
): Promise<readonly [Sample, boolean]> {
  const pods = (await podsOf(api, namespace)).filter(
    ({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name,
  );
  const serving = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  const fresh = serving.filter(({ spec }) => spec.containers.some((container) => container.image === image));
  const { spec, status } = await api.call<DeploymentView>(
    'GET',
    `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
  );
  const done =
    status?.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas &&
    status.availableReplicas === spec.replicas;
  return [{ second, ready: serving.length, fresh: fresh.length }, done && fresh.length === spec.replicas];
}

/** Two rows: all ready pods, and those of the new version, a column every half second. */
function chart(samples: readonly Sample[], wanted: number): readonly string[] {
  const most = wanted + 1;
  const row = (label: string, value: (sample: Sample) => number) =>
    `${label.padEnd(12)} ${samples.map((sample) => bar(value(sample), most)).join('')}  ${samples.at(0) ? value(samples[0] as Sample) : 0} → ${samples.at(-1) ? value(samples.at(-1) as Sample) : 0}`;
  return [row('ready', ({ ready }) => ready), row('new version', ({ fresh }) => fresh)];
}
