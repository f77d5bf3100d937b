import { expect, test } from 'vitest';
import type { Plugin } from '../plugin.ts';
import { readConfiguration } from './read.ts';

const document = (fields: object = {}) => ({
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  ...fields,
});
const read = (fields: object = {}) => readConfiguration(document(fields));
const profile = (fields: object) => read({ profiles: [fields] }).profiles[0];
const withArgs = (name: string, args: object) => ({ profiles: [{ pluginConfig: [{ name, args }] }] });
const scores = (plugins: readonly Plugin[] | undefined) =>
  Object.fromEntries((plugins ?? []).flatMap(({ name, score, weight }) => (score ? [[name, weight]] : [])));

test('an empty configuration is the default one', () => {
  const { profiles, ...rest } = read();
  expect(rest).toEqual({ percentageOfNodesToScore: 0, podInitialBackoff: 1000, podMaxBackoff: 10_000, remarks: [] });
  expect(profiles).toMatchObject([{ schedulerName: 'default-scheduler', bindTimeout: 600_000 }]);
  expect(scores(profiles[0]?.plugins)).toEqual({
    TaintToleration: 3,
    NodeAffinity: 2,
    NodeResourcesFit: 1,
    PodTopologySpread: 2,
    InterPodAffinity: 2,
    NodeResourcesBalancedAllocation: 1,
    ImageLocality: 1,
  });
});

test('plugins are off, on and weighed point by point, as multiPoint and the points say together', () => {
  const plugins = profile({
    plugins: {
      multiPoint: { disabled: [{ name: 'ImageLocality' }], enabled: [{ name: 'TaintToleration', weight: 7 }] },
      score: { disabled: [{ name: 'InterPodAffinity' }], enabled: [{ name: 'NodeResourcesFit', weight: 5 }] },
      preScore: { disabled: [{ name: 'InterPodAffinity' }] },
    },
  })?.plugins;
  expect(scores(plugins)).toEqual({
    NodeResourcesFit: 5,
    TaintToleration: 7,
    NodeAffinity: 2,
    PodTopologySpread: 2,
    NodeResourcesBalancedAllocation: 1,
  });
  expect(plugins?.filter(({ name }) => name === 'InterPodAffinity').map(({ filter }) => !!filter)).toEqual([true]);
});

test('all that is off by default but what is named is off', () => {
  const multiPoint = {
    disabled: [{ name: '*' }],
    enabled: ['PrioritySort', 'NodeName', 'DefaultBinder'].map((name) => ({ name })),
  };
  const made = profile({ schedulerName: 'bare', plugins: { multiPoint } });
  expect(made?.plugins.map(({ name }) => name)).toEqual(['NodeName']);
  expect(made?.reserves).toEqual({ volumes: false, devices: false });
});

test.each<[string, object, string]>([
  ['another kind', { kind: 'Pod' }, 'no kind "Pod" is registered for version "kubescheduler.config.k8s.io/v1"'],
  ['unknown fields', { colour: 'red' }, 'strict decoding error: unknown field "colour"'],
  [
    'unknown fields of arguments',
    withArgs('NodeResourcesFit', { colour: 'red' }),
    'strict decoding error: decoding .profiles[0].pluginConfig[0]: strict decoding error: decoding args for plugin NodeResourcesFit: strict decoding error: unknown field "colour"',
  ],
  [
    'arguments of another plugin',
    withArgs('NodeAffinity', { kind: 'NodeResourcesFitArgs' }),
    'decoding .profiles[0].pluginConfig[0]: args for plugin NodeAffinity were not of type NodeAffinityArgs.kubescheduler.config.k8s.io, got NodeResourcesFitArgs.kubescheduler.config.k8s.io',
  ],
  [
    'several mistakes',
    { parallelism: 0, percentageOfNodesToScore: 101, podInitialBackoffSeconds: 20 },
    '[parallelism: Invalid value: 0: should be an integer value greater than zero, percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100], podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds]',
  ],
  [
    'profiles of one name',
    { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
    'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
  ],
  ['profiles without a name', { profiles: [{}, { schedulerName: 'a' }] }, 'profiles[0].schedulerName: Required value'],
  [
    'wrong arguments',
    withArgs('InterPodAffinity', { hardPodAffinityWeight: 101 }),
    'profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]',
  ],
  [
    'arguments that only the plugin looks at',
    withArgs('NodeResourcesFit', { scoringStrategy: { type: 'RequestedToCapacityRatio' } }),
    'initializing profiles: creating profile for scheduler name default-scheduler: initializing plugin "NodeResourcesFit": scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio',
  ],
  [
    'default constraints of the system’s and one’s own',
    withArgs('PodTopologySpread', {
      defaultConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    }),
    'profiles[0].pluginConfig[0].args.defaultingType: Invalid value: "System": when .defaultConstraints are not empty',
  ],
  [
    'a plugin that does not exist',
    { profiles: [{ plugins: { filter: { enabled: [{ name: 'Coscheduling' }] } } }] },
    'initializing profiles: creating profile for scheduler name default-scheduler: FilterPlugin "Coscheduling" does not exist',
  ],
  [
    'a plugin where it cannot take part',
    { profiles: [{ plugins: { permit: { enabled: [{ name: 'NodeName' }] } } }] },
    'initializing profiles: creating profile for scheduler name default-scheduler: plugin "NodeName" does not extend PermitPlugin plugin',
  ],
  [
    'nobody who binds',
    { profiles: [{ plugins: { bind: { disabled: [{ name: '*' }] } } }] },
    'initializing profiles: creating profile for scheduler name default-scheduler: at least one bind plugin is needed for profile with scheduler name "default-scheduler"',
  ],
  [
    'a plugin half on',
    { profiles: [{ plugins: { filter: { disabled: [{ name: 'VolumeBinding' }] } } }] },
    'profiles[0].plugins: VolumeBinding with only one of preFilter and filter is not modelled here: enable both or disable both',
  ],
  [
    'extenders',
    { extenders: [{ urlPrefix: 'http://x' }] },
    'extenders: nobody is asked beside the plugins: not modelled here',
  ],
])('%s are refused', (_, fields, message) => {
  expect(() => read(fields)).toThrow(expect.objectContaining({ name: 'ConfigurationError', message }));
});

test('what changes nothing here is remarked on', () => {
  expect(read({ leaderElection: { leaderElect: true } }).remarks).toEqual([
    'leaderElection is known but changes nothing here: there is one scheduler, in the same process',
  ]);
});
