// HorizontalPodAutoscaler: every quarter of a minute, as many replicas as the metrics ask for.

import { type Duration, type Instant, seconds } from '../base/clock.ts';
import { ParseError } from '../base/parse-error.ts';
import { parseSelector, type Selector } from '../base/selectors.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, Reference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import { pathOf } from '../client/transport-client.ts';
import { HorizontalPodAutoscaler } from '../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import type { History } from './horizontal-pod-autoscaler/history.ts';
import {
  afterWriting,
  type Autoscaling,
  courseOf,
  type Measurement,
  type Plan,
  planScaling,
  planWithoutScale,
  type SelectorFault,
} from './horizontal-pod-autoscaler/plan.ts';
import { groupOf, noMatches, readMetric } from './horizontal-pod-autoscaler/readings.ts';

/** How often each is looked at, beginning so long after it was first seen. */
const syncPeriod: Duration = seconds(15);

export interface AutoscalerOptions {
  /** All kinds served at the time: any that has a scale may be a target. */
  kinds(): readonly Kind[];
  enabled(featureGate: string): boolean;
}

/** What is remembered of one autoscaler between looks; lost with the process, as in Kubernetes. */
interface Memory {
  readonly due: Instant;
  readonly history?: History;
  /** Which pods its target's scale selected when last looked at. */
  readonly selector?: Selector;
}

const keyOf = ({ namespace, name }: Reference): string => `${namespace}/${name}`;

export function horizontalPodAutoscalerController(options: AutoscalerOptions): Controller {
  const memories = new Map<string, Memory>();
  return defineController<HorizontalPodAutoscaler>({
    name: 'horizontal-pod-autoscaler',
    for: HorizontalPodAutoscaler,
    watches: [watching(Pod, () => [])],

    async reconcile(scaler, context) {
      const key = keyOf(referenceTo(scaler));
      const now = context.clock.now();
      const memory = memories.get(key) ?? { due: now + syncPeriod };
      memories.set(key, memory);
      if (now < memory.due) return { after: memory.due - now };
      memories.set(key, { ...memory, due: now + syncPeriod });
      const plan = await look(scaler, context, { ...options, memories });
      for (const event of plan.events) context.event(scaler, event);
      if (plan.history) remember(memories, key, { history: plan.history });
      return { status: plan.status, after: syncPeriod };
    },

    async gone(key) {
      memories.delete(keyOf(key));
    },
  });
}

function remember(memories: Map<string, Memory>, key: string, news: Partial<Memory>): void {
  const memory = memories.get(key);
  if (memory) memories.set(key, { ...memory, ...news });
}

interface Looking extends AutoscalerOptions {
  readonly memories: Map<string, Memory>;
}

type Outcome = Pick<Plan, 'status' | 'events'> & { readonly history?: History };

async function look(scaler: HorizontalPodAutoscaler, context: Context, looking: Looking): Promise<Outcome> {
  const now = context.clock.now();
  const found = await scaleOf(scaler, context, looking.kinds());
  if ('fault' in found) return planWithoutScale(scaler, found.fault, now);
  const { spec, status } = found.scale;
  const view: Autoscaling = {
    scaler,
    scale: { replicas: spec.replicas ?? 0, statusReplicas: status?.replicas ?? 0 },
    history: looking.memories.get(keyOf(referenceTo(scaler)))?.history,
    now,
    enabled: looking.enabled,
  };
  const measurement =
    courseOf(view).is === 'measured' ? await measure(scaler, status?.selector ?? '', context, looking) : undefined;
  const plan = planScaling(view, measurement);
  if (!plan.rescale) return plan;
  const { rescale } = plan;
  const refusal = await writeScale(found, rescale.to, context);
  const after = afterWriting(view, plan, rescale, refusal);
  return { ...after, events: [...plan.events, ...after.events] };
}

/** autoscaling/v1 Scale. */
interface Scale extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

interface Scaled {
  readonly kind: Kind;
  readonly scale: Scale;
}

/** The scale of the target, of whatever version its kind is served in. */
async function scaleOf(
  { spec: { scaleTargetRef: target }, metadata: { namespace = '' } }: HorizontalPodAutoscaler,
  context: Context,
  kinds: readonly Kind[],
): Promise<Scaled | { readonly fault: string }> {
  const { apiVersion = '' } = target;
  if (apiVersion.split('/').length > 2) return { fault: `unexpected GroupVersion string: ${apiVersion}` };
  const group = groupOf(apiVersion);
  const kind = kinds.find((each) => each.kind === target.kind && each.group === group);
  if (!kind) return { fault: noMatches(target.kind, group) };
  try {
    return { kind, scale: (await context.client.read(scalePath(kind, namespace, target.name))) as Scale };
  } catch (error) {
    if (error instanceof ApiError) return { fault: error.message };
    throw error;
  }
}

const scalePath = (kind: Kind, namespace: string, name: string): string => `${pathOf(kind, namespace, name)}/scale`;

/** Tries of a write that others get in the way of. */
const mostTries = 5;

/** Resolves with the words of a refusal. */
async function writeScale({ kind, scale }: Scaled, replicas: number, { client }: Context): Promise<string | undefined> {
  const target = referenceTo(scale);
  let current = scale;
  for (let tries = 1; ; tries++) {
    try {
      await client.sub(kind, target, 'scale', { ...current, spec: { ...current.spec, replicas } }, 'PUT');
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason !== 'Conflict' || tries === mostTries) return error.message;
      current = (await client.read(scalePath(kind, target.namespace, target.name)).catch(() => current)) as Scale;
    }
  }
}

async function measure(
  scaler: HorizontalPodAutoscaler,
  text: string,
  context: Context,
  { memories, kinds }: Looking,
): Promise<Measurement> {
  const { namespace = '' } = scaler.metadata;
  const selector = selectorIn(text);
  if ('event' in selector) return selector;
  remember(memories, keyOf(referenceTo(scaler)), { selector });
  const pods = context.lister(Pod).select(namespace, selector);
  const rivals = claimants(pods, namespace, memories);
  if (rivals.length > 1) {
    const shown = rivals.map((name) => `{${name} ${namespace}}`).join(' ');
    return faulty('AmbiguousSelector', `pods by selector ${text} are controlled by multiple HPAs: [${shown}]`);
  }
  const source = { client: context.client, namespace, podSelector: text, kinds };
  const readings = await Promise.all((scaler.spec.metrics ?? []).map((spec) => readMetric(spec, source)));
  return { pods, readings };
}

const faulty = (reason: string, message: string): SelectorFault => ({
  event: { type: 'Warning', reason, message },
  condition: { reason, message },
});

const noSelector: SelectorFault = {
  event: { type: 'Warning', reason: 'SelectorRequired', message: 'selector is required' },
  condition: { reason: 'InvalidSelector', message: "the HPA target's scale is missing a selector" },
};

function selectorIn(text: string): Selector | SelectorFault {
  if (text === '') return noSelector;
  try {
    return parseSelector(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return faulty(
      'InvalidSelector',
      `couldn't convert selector into a corresponding internal selector object: ${error.message}`,
    );
  }
}

/** The names of the autoscalers of a namespace whose targets select any of these pods. */
const claimants = (pods: readonly Pod[], namespace: string, memories: ReadonlyMap<string, Memory>): string[] =>
  [...memories]
    .filter(
      ([key, { selector }]) =>
        key.startsWith(`${namespace}/`) && pods.some(({ metadata }) => selector?.matches(metadata.labels)),
    )
    .map(([key]) => key.slice(namespace.length + 1))
    .sort();
