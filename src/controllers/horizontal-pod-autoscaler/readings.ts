// What an autoscaler's metrics say now, asked of the three metrics APIs: metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io.

import type { Duration, Instant } from '../../base/clock.ts';
import { parseDuration } from '../../base/duration.ts';
import { ParseError } from '../../base/parse-error.ts';
import { milliOf } from '../../base/quantity.ts';
import { printSelector, selectorOf } from '../../base/selectors.ts';
import { parseTime } from '../../base/time.ts';
import { type Kind, resourceKey } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type {
  CrossVersionObjectReference,
  MetricSpec,
  ObjectMetricSource,
  PodsMetricSource,
} from '../../kinds/generated/types/autoscaling-v2.ts';
import type { LabelSelector } from '../../kinds/generated/types/meta-v1.ts';
import type { PodMetrics } from '../../kinds/metrics/resource-metrics.ts';

/** What one pod uses, in thousandths, and over what time before `at` it was measured. */
export interface PodMetric {
  readonly value: number;
  readonly at: Instant;
  readonly window: Duration;
}

/** By the pod's name. */
export type PodReading = ReadonlyMap<string, PodMetric>;

export interface Fault {
  readonly fault: string;
}

/** Of pods for Resource, ContainerResource and Pods; values in thousandths for Object (one) and External (any number). */
export type Reading = { readonly pods: PodReading } | { readonly values: readonly number[] } | Fault;

export interface MetricsSource {
  readonly client: Pick<Client, 'read'>;
  readonly namespace: string;
  /** As the scale of the target prints it. */
  readonly podSelector: string;
  /** All kinds served now: an Object metric is found under its resource's name. */
  kinds(): readonly Kind[];
}

export async function readMetric(spec: MetricSpec, source: MetricsSource): Promise<Reading> {
  try {
    return await read(spec, source);
  } catch (error) {
    if (error instanceof Unavailable || error instanceof ParseError) return { fault: error.message };
    throw error;
  }
}

/** A metrics API has no answer, in the words that the autoscaler says it. */
class Unavailable extends Error {}

function read(spec: MetricSpec, source: MetricsSource): Promise<Reading> {
  if (spec.resource) return resourceReading(spec.resource.name, undefined, source);
  if (spec.containerResource)
    return resourceReading(spec.containerResource.name, spec.containerResource.container, source);
  if (spec.pods) return podsReading(spec.pods, source);
  if (spec.object) return objectReading(spec.object, source);
  return externalReading(spec.external?.metric ?? { name: '' }, source);
}

const within =
  (what: string) =>
  (error: unknown): never => {
    if (error instanceof ApiError || error instanceof Unavailable) throw new Unavailable(`${what}: ${error.message}`);
    throw error;
  };

async function resourceReading(
  resource: string,
  container: string | undefined,
  source: MetricsSource,
): Promise<Reading> {
  const what = `unable to get metrics for resource ${resource}`;
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${source.namespace}/pods`;
  const { items } = (await source.client
    .read(path, { query: { labelSelector: source.podSelector }, asked: 'pods.metrics.k8s.io' })
    .catch(within(`${what}: unable to fetch metrics from resource metrics API`))) as { items: readonly PodMetrics[] };
  if (items.length === 0) throw new Unavailable(`${what}: no metrics returned from resource metrics API`);
  const pods = items.flatMap((metrics): [string, PodMetric][] => {
    const value = usageIn(metrics, resource, container);
    const { timestamp, window } = metrics;
    if (value === undefined) return [];
    return [[metrics.metadata.name ?? '', { value, at: parseTime(timestamp) ?? 0, window: parseDuration(window) }]];
  });
  return { pods: new Map(pods) };
}

/** Of one container or of all together; undefined where it is not known of each. */
function usageIn({ containers }: PodMetrics, resource: string, container: string | undefined): number | undefined {
  const asked = container === undefined ? containers : containers.filter(({ name }) => name === container).slice(0, 1);
  const values = asked.flatMap(({ usage }) => usage[resource] ?? []);
  if (values.length === 0 || values.length < asked.length) return undefined;
  return values.reduce((sum, text) => sum + milliOf(text), 0);
}

interface MetricValue {
  readonly describedObject?: { readonly name?: string };
  readonly timestamp: string;
  /** Seconds; `window` in v1beta1. */
  readonly windowSeconds?: number;
  readonly window?: number;
  readonly value: string;
}

const customGroup = 'custom.metrics.k8s.io';
/** How long a custom metric is taken to have been measured where it does not say so, in milliseconds. */
const defaultWindow = 60_000;

async function podsReading({ metric }: PodsMetricSource, source: MetricsSource): Promise<Reading> {
  const metricLabelSelector = printed(metric.selector);
  const query = { labelSelector: source.podSelector || undefined, metricLabelSelector };
  const what = `unable to get metric ${metric.name}`;
  const place = { path: `namespaces/${source.namespace}/pods/*/${metric.name}`, asked: `pods.${customGroup} *` };
  const items = await customValues(() => place, query, source).catch(
    within(`${what}: unable to fetch metrics from custom metrics API`),
  );
  if (items.length === 0) throw new Unavailable(`${what}: no metrics returned from custom metrics API`);
  const pods = items.map((item): [string, PodMetric] => {
    const seconds = item.windowSeconds ?? item.window;
    const window = seconds === undefined ? defaultWindow : seconds * 1000;
    return [
      item.describedObject?.name ?? '',
      { value: milliOf(item.value), at: parseTime(item.timestamp) ?? 0, window },
    ];
  });
  return { pods: new Map(pods) };
}

async function objectReading({ metric, describedObject }: ObjectMetricSource, source: MetricsSource): Promise<Reading> {
  const query = { metricLabelSelector: printed(metric.selector) };
  const { kind, name } = describedObject;
  const items = await customValues(() => placeOf(describedObject, metric.name, source), query, source)
    .then(onlyOne)
    // The name of the metric is followed by its object's parts in this odd order in Kubernetes.
    .catch(
      within(
        `unable to get metric ${metric.name}: ${kind} on ${source.namespace} ${name}/unable to fetch metrics from custom metrics API`,
      ),
    );
  return { values: items.map(({ value }) => milliOf(value)) };
}

function onlyOne(items: readonly MetricValue[]): readonly MetricValue[] {
  if (items.length === 1) return items;
  throw new Unavailable(`the custom metrics API server returned ${items.length} results when we asked for exactly one`);
}

interface Place {
  /** Under the group version. */
  readonly path: string;
  readonly asked: string;
}

function placeOf(
  { apiVersion = '', kind, name }: CrossVersionObjectReference,
  metric: string,
  { namespace, kinds }: MetricsSource,
): Place {
  const group = groupOf(apiVersion);
  if (kind === 'Namespace' && group === '')
    return { path: `namespaces/${namespace}/metrics/${metric}`, asked: `metrics.${customGroup} ${metric}` };
  const found = kinds().find((each) => each.kind === kind && each.group === group);
  const full = group === '' ? kind : `${kind}.${group}`;
  if (!found) throw new Unavailable(`unable to map kind ${full} to resource: ${noMatches(kind, group)}`);
  const resource = resourceKey(found);
  return { path: `namespaces/${namespace}/${resource}/${name}/${metric}`, asked: `${resource}.${customGroup} ${name}` };
}

/** Of an apiVersion. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';

export const noMatches = (kind: string, group: string): string =>
  `no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`;

/** Where the values are is asked once the API is known to be there. */
async function customValues(
  place: () => Place,
  query: Readonly<Record<string, string | undefined>>,
  { client }: MetricsSource,
): Promise<readonly MetricValue[]> {
  const version = await customVersion(client);
  const { path, asked } = place();
  const { items } = (await client.read(`/apis/${version}/${path}`, { query, asked })) as {
    items?: readonly MetricValue[];
  };
  return items ?? [];
}

interface ApiGroup {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string }[];
  readonly preferredVersion?: { readonly groupVersion: string };
}

const knownVersions = [`${customGroup}/v1beta1`, `${customGroup}/v1beta2`];

/** The group version under which custom metrics are served. */
async function customVersion(client: Pick<Client, 'read'>): Promise<string> {
  const { groups } = (await client.read('/apis')) as { groups: readonly ApiGroup[] };
  const group = groups.find(({ name }) => name === customGroup);
  if (!group) throw new Unavailable(`no custom metrics API (${customGroup}) registered`);
  const offered = [...(group.preferredVersion ? [group.preferredVersion] : []), ...group.versions];
  const version = offered.find(({ groupVersion }) => knownVersions.includes(groupVersion));
  if (!version) throw new Unavailable('no known available metric versions found');
  return version.groupVersion;
}

async function externalReading(
  { name, selector }: { readonly name: string; readonly selector?: LabelSelector },
  { client, namespace }: MetricsSource,
): Promise<Reading> {
  const query = { labelSelector: printed(selector) };
  const what = `unable to get external metric ${namespace}/${name}/${goSelector(selector)}`;
  const { items = [] } = (await client
    .read(`/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${name}`, {
      query,
      asked: `${name}.external.metrics.k8s.io`,
    })
    .catch(within(`${what}: unable to fetch metrics from external metrics API`))) as { items?: readonly MetricValue[] };
  if (items.length === 0) throw new Unavailable(`${what}: no metrics returned from external metrics API`);
  return { values: items.map(({ value }) => milliOf(value)) };
}

const printed = (selector: LabelSelector | undefined): string | undefined =>
  printSelector(selectorOf(selector, 'nothing')) || undefined;

/** A label selector as Go prints the pointer to one. */
export function goSelector(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const exact = labels.map(([key, value]) => `${key}: ${value},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${exact}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
