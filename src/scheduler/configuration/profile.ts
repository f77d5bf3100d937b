// A profile: which plugins take part where, in which order and with which weight, as kube-scheduler makes them of a file.

import type { Duration } from '../../base/clock.ts';
import type { Plugin } from '../plugin.ts';
import { plugins as defaultPlugins, pluginsWith } from '../plugins/index.ts';
import { ConfigurationError } from './configuration-error.ts';
import { defaultArgs, type PluginArgs } from './plugin-args.ts';
import { type ExtensionPoint, extensionPoints, type PluginEntry, type PluginSet, type ProfileShape } from './shape.ts';

/** How the pods of one scheduler name are scheduled. */
export interface Profile {
  readonly schedulerName: string;
  /** A plugin stands here once for each of the points at which it takes part. */
  readonly plugins: readonly Plugin[];
  /** Undefined: as for all profiles. */
  readonly percentageOfNodesToScore: number | undefined;
  readonly bindTimeout: Duration;
  /** Whether claims get volumes and devices before a pod is bound. */
  readonly reserves: { readonly volumes: boolean; readonly devices: boolean };
}

export const defaultProfile = (schedulerName: string): Profile => ({
  schedulerName,
  plugins: defaultPlugins,
  percentageOfNodesToScore: undefined,
  bindTimeout: defaultArgs.VolumeBinding.bindTimeoutSeconds * 1000,
  reserves: { volumes: true, devices: true },
});

/** The points of every plugin that is there. */
const pointsOf: Readonly<Record<string, readonly ExtensionPoint[]>> = {
  SchedulingGates: ['preEnqueue'],
  PrioritySort: ['queueSort'],
  NodeUnschedulable: ['filter'],
  NodeName: ['filter'],
  TaintToleration: ['filter', 'preScore', 'score'],
  NodeAffinity: ['preFilter', 'filter', 'preScore', 'score'],
  NodePorts: ['preFilter', 'filter'],
  NodeResourcesFit: ['preFilter', 'filter', 'preScore', 'score'],
  VolumeRestrictions: ['preFilter', 'filter'],
  NodeVolumeLimits: ['preFilter', 'filter'],
  VolumeBinding: ['preFilter', 'filter', 'reserve', 'preBind', 'preScore', 'score'],
  VolumeZone: ['preFilter', 'filter'],
  PodTopologySpread: ['preFilter', 'filter', 'preScore', 'score'],
  InterPodAffinity: ['preFilter', 'filter', 'preScore', 'score'],
  DynamicResources: ['preEnqueue', 'preFilter', 'filter', 'postFilter', 'reserve', 'preBind', 'score'],
  DefaultPreemption: ['preEnqueue', 'postFilter'],
  NodeResourcesBalancedAllocation: ['preScore', 'score'],
  ImageLocality: ['score'],
  DefaultBinder: ['bind'],
  NodeDeclaredFeatures: ['preFilter', 'filter'],
};

const defaultWeights: Readonly<Record<string, number>> = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  DynamicResources: 2,
};

/** By default every plugin takes part wherever it can. */
const defaultSet: PluginSet = {
  enabled: Object.keys(pointsOf).map((name) => ({ name, weight: defaultWeights[name] ?? 1 })),
};

/** `path` is for messages: `profiles[0]`. @throws ConfigurationError in kube-scheduler's words */
export function profileOf(shape: ProfileShape & { schedulerName: string }, args: PluginArgs, path: string): Profile {
  const { schedulerName } = shape;
  const lists = listsOf(shape);
  refuseHalves(lists, `${path}.plugins`);
  const takes = (point: ExtensionPoint, name: string) => lists[point].some((each) => each.name === name);
  return {
    schedulerName,
    plugins: pluginsAt(lists, args),
    percentageOfNodesToScore: shape.percentageOfNodesToScore,
    bindTimeout: args.VolumeBinding.bindTimeoutSeconds * 1000,
    reserves: { volumes: takes('reserve', 'VolumeBinding'), devices: takes('reserve', 'DynamicResources') },
  };
}

type Lists = Readonly<Record<ExtensionPoint, readonly PluginEntry[]>>;

function listsOf({ schedulerName, plugins = {} }: ProfileShape): Lists {
  const fail = (problem: string): never => {
    const of = `creating profile for scheduler name ${schedulerName}`;
    throw new ConfigurationError(`initializing profiles: ${of}: ${problem}`);
  };
  const multiPoint = merged(defaultSet, plugins.multiPoint);
  for (const point of extensionPoints) {
    const problem = problemWith(plugins[point]?.enabled ?? [], point);
    if (problem) fail(problem);
  }
  for (const { name = '' } of multiPoint) if (!pointsOf[name]) fail(`${typeOf('preFilter')} "${name}" does not exist`);
  const lists = Object.fromEntries(
    extensionPoints.map((point) => [point, expanded(point, plugins[point], multiPoint)]),
  ) as Record<ExtensionPoint, readonly PluginEntry[]>;
  for (const point of extensionPoints) {
    const repeated = lists[point].find(({ name }, i) => lists[point].findIndex((each) => each.name === name) < i);
    if (repeated) fail(`plugin "${repeated.name}" already registered as "${typeOf(point)}"`);
  }
  const of = `for profile with scheduler name "${schedulerName}"`;
  const sorts = lists.queueSort.length;
  if (sorts !== 1) fail(`only one queue sort plugin required ${of}, but got ${sorts}`);
  if (lists.bind.length === 0) fail(`at least one bind plugin is needed ${of}`);
  return lists;
}

/** Go's name of what a plugin is at a point. */
const typeOf = (point: ExtensionPoint): string => `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`;

function problemWith(enabled: readonly PluginEntry[], point: ExtensionPoint): string | undefined {
  for (const [i, { name = '' }] of enabled.entries()) {
    const points = pointsOf[name];
    if (!points) return `${typeOf(point)} "${name}" does not exist`;
    if (!points.includes(point)) return `plugin "${name}" does not extend ${typeOf(point)} plugin`;
    if (enabled.findIndex((each) => each.name === name) < i) {
      return `plugin "${name}" already registered as "${typeOf(point)}"`;
    }
  }
  return undefined;
}

const names = (entries: readonly PluginEntry[] | undefined): ReadonlySet<string | undefined> =>
  new Set(entries?.map(({ name }) => name));

/** The default plugins without those disabled, as configured where they are named again; then the others. */
function merged(defaults: PluginSet, custom: PluginSet = {}): readonly PluginEntry[] {
  const disabled = names(custom.disabled);
  const enabled = custom.enabled ?? [];
  const kept = disabled.has('*') ? [] : (defaults.enabled ?? []).filter(({ name }) => !disabled.has(name));
  const again = (name: string | undefined) => enabled.findLast((each) => each.name === name);
  const used = new Set(kept.flatMap(({ name }) => again(name) ?? []));
  return [...kept.map((each) => again(each.name) ?? each), ...enabled.filter((each) => !used.has(each))];
}

/** Those of all points that are named again for this one come first, then those of all points, then what only this one names. */
function expanded(
  point: ExtensionPoint,
  { enabled = [], disabled = [] }: PluginSet = {},
  multiPoint: readonly PluginEntry[],
): readonly PluginEntry[] {
  const off = names(disabled);
  if (off.has('*')) return enabled;
  const everywhere = multiPoint.filter(({ name = '' }) => pointsOf[name]?.includes(point) && !off.has(name));
  const [here, there] = [names(enabled), names(everywhere)];
  return [
    ...enabled.filter(({ name }) => there.has(name)),
    ...everywhere.filter(({ name }) => !here.has(name)),
    ...enabled.filter(({ name }) => !there.has(name)),
  ];
}

/** What one plugin does at these points is one thing here. */
const together: readonly (readonly [ExtensionPoint, ExtensionPoint])[] = [
  ['preFilter', 'filter'],
  ['preScore', 'score'],
  ['reserve', 'preBind'],
  ['preEnqueue', 'postFilter'],
];

/** Nothing half on: that is not modelled, and nothing pretends. */
function refuseHalves(lists: Lists, path: string): void {
  for (const [one, other] of together) {
    for (const [name, points] of Object.entries(pointsOf)) {
      if (!points.includes(one) || !points.includes(other)) continue;
      const [hasOne, hasOther] = [one, other].map((point) => lists[point].some((each) => each.name === name));
      if (hasOne === hasOther) continue;
      throw new ConfigurationError(
        `${path}: ${name} with only one of ${one} and ${other} is not modelled here: enable both or disable both`,
      );
    }
  }
}

function pluginsAt(lists: Lists, args: PluginArgs): readonly Plugin[] {
  const byName = new Map(pluginsWith(args).map((plugin) => [plugin.name, plugin]));
  const at = (point: ExtensionPoint, part: (plugin: Plugin, entry: PluginEntry) => Plugin): readonly Plugin[] =>
    lists[point].flatMap((entry) => {
      const plugin = byName.get(entry.name ?? '');
      return plugin ? part(plugin, entry) : [];
    });
  const weightOf = ({ name, weight }: PluginEntry): number =>
    weight || lists.score.find((each) => each.name === name)?.weight || 1;
  return [
    ...at('preEnqueue', ({ name, gate, wakes }) => ({ name, ...(gate && { gate }), ...(wakes && { wakes }) })),
    ...at('filter', ({ name, filter, wakes }) => ({ name, ...(filter && { filter }), ...(wakes && { wakes }) })),
    ...at('postFilter', ({ name, remedy }) => ({ name, ...(remedy && { remedy }) })),
    ...at('score', ({ name, score }, entry) => ({ name, weight: weightOf(entry), ...(score && { score }) })),
  ];
}
