// KubeSchedulerConfiguration as a file holds it, and what decoding it needs to know.

import type { Field, ListSchema, ObjectSchema, ScalarType, Schema } from '../../api/schema.ts';
import type { NodeAffinity, TopologySpreadConstraint } from '../../kinds/generated/types/core-v1.ts';
import { namedSchema } from '../../kinds/schemas.ts';

export const configurationVersion = 'kubescheduler.config.k8s.io/v1';

/** Where a plugin may take part, in kube-scheduler's order. */
export const extensionPoints = [
  'preFilter',
  'filter',
  'postFilter',
  'reserve',
  'preScore',
  'score',
  'preBind',
  'bind',
  'postBind',
  'permit',
  'preEnqueue',
  'queueSort',
  'placementGenerate',
  'placementScore',
] as const;

export type ExtensionPoint = (typeof extensionPoints)[number];

export interface PluginEntry {
  readonly name?: string;
  readonly weight?: number;
}

export interface PluginSet {
  readonly enabled?: readonly PluginEntry[];
  readonly disabled?: readonly PluginEntry[];
}

export interface ProfileShape {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Readonly<Partial<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name?: string; readonly args?: unknown }[];
}

export interface ConfigurationShape {
  readonly parallelism?: number;
  readonly leaderElection?: object;
  readonly clientConnection?: object;
  readonly enableProfiling?: boolean;
  readonly enableContentionProfiling?: boolean;
  readonly percentageOfNodesToScore?: number;
  readonly podInitialBackoffSeconds?: number;
  readonly podMaxBackoffSeconds?: number;
  readonly profiles?: readonly ProfileShape[];
  readonly extenders?: readonly object[];
  readonly delayCacheUntilActive?: boolean;
}

interface WeightedShape {
  readonly name?: string;
  readonly weight?: number;
}

/** The arguments of plugins as a file holds them. */
export interface ArgsShapes {
  readonly DefaultPreemption: {
    readonly minCandidateNodesPercentage?: number;
    readonly minCandidateNodesAbsolute?: number;
  };
  readonly InterPodAffinity: {
    readonly hardPodAffinityWeight?: number;
    readonly ignorePreferredTermsOfExistingPods?: boolean;
  };
  readonly NodeAffinity: { readonly addedAffinity?: NodeAffinity };
  readonly NodeResourcesBalancedAllocation: { readonly resources?: readonly WeightedShape[] };
  readonly NodeResourcesFit: {
    readonly ignoredResources?: readonly string[];
    readonly ignoredResourceGroups?: readonly string[];
    readonly scoringStrategy?: {
      readonly type?: string;
      readonly resources?: readonly WeightedShape[];
      readonly requestedToCapacityRatio?: { readonly shape?: readonly PointShape[] };
    };
  };
  readonly PodTopologySpread: {
    readonly defaultConstraints?: readonly TopologySpreadConstraint[];
    readonly defaultingType?: string;
  };
  readonly VolumeBinding: { readonly bindTimeoutSeconds?: number; readonly shape?: readonly PointShape[] };
  readonly DynamicResources: { readonly filterTimeout?: string; readonly bindingTimeout?: string };
}

export interface PointShape {
  readonly utilization?: number;
  readonly score?: number;
}

const scalar = (type: ScalarType): Schema => ({ type });
const listOf = (items: Schema): ListSchema => ({ type: 'list', items, listType: 'atomic', keys: [] });

function struct(name: string, fields: Readonly<Record<string, Schema>>): ObjectSchema {
  const entries = Object.entries(fields).map(([field, schema]): [string, Field] => [
    field,
    { name: field, schema, pointer: true, omitempty: true, required: false },
  ]);
  return {
    type: 'object',
    name: `io.k8s.kube-scheduler.config.v1.${name}`,
    atomic: false,
    open: false,
    fields: new Map(entries),
  };
}

const [text, whole, long, yes] = [scalar('string'), scalar('int32'), scalar('int64'), scalar('boolean')];
const anything: Schema = { type: 'any', deduced: false };
const typed = { kind: text, apiVersion: text };
const plugins = listOf(struct('Plugin', { name: text, weight: whole }));
const pluginSet = struct('PluginSet', { enabled: plugins, disabled: plugins });
const resources = listOf(struct('ResourceSpec', { name: text, weight: long }));
const shape = listOf(struct('UtilizationShapePoint', { utilization: whole, score: whole }));
const core = (name: string): ObjectSchema => namedSchema(`io.k8s.api.core.v1.${name}`);

const profile = struct('KubeSchedulerProfile', {
  schedulerName: text,
  percentageOfNodesToScore: whole,
  plugins: struct('Plugins', Object.fromEntries([...extensionPoints, 'multiPoint'].map((point) => [point, pluginSet]))),
  pluginConfig: listOf(struct('PluginConfig', { name: text, args: anything })),
});

export const configurationSchema = (): ObjectSchema =>
  struct('KubeSchedulerConfiguration', {
    ...typed,
    parallelism: whole,
    leaderElection: anything,
    clientConnection: anything,
    enableProfiling: yes,
    enableContentionProfiling: yes,
    percentageOfNodesToScore: whole,
    podInitialBackoffSeconds: long,
    podMaxBackoffSeconds: long,
    profiles: listOf(profile),
    extenders: listOf(anything),
    delayCacheUntilActive: yes,
  });

/** By the plugin's name. Asked for when a file is read: the types of Kubernetes they name are linked then. */
export const argsSchemas: Readonly<Record<keyof ArgsShapes, () => ObjectSchema>> = {
  DefaultPreemption: () =>
    struct('DefaultPreemptionArgs', {
      ...typed,
      minCandidateNodesPercentage: whole,
      minCandidateNodesAbsolute: whole,
    }),
  InterPodAffinity: () =>
    struct('InterPodAffinityArgs', {
      ...typed,
      hardPodAffinityWeight: whole,
      ignorePreferredTermsOfExistingPods: yes,
    }),
  NodeAffinity: () => struct('NodeAffinityArgs', { ...typed, addedAffinity: core('NodeAffinity') }),
  NodeResourcesBalancedAllocation: () => struct('NodeResourcesBalancedAllocationArgs', { ...typed, resources }),
  NodeResourcesFit: () =>
    struct('NodeResourcesFitArgs', {
      ...typed,
      ignoredResources: listOf(text),
      ignoredResourceGroups: listOf(text),
      scoringStrategy: struct('ScoringStrategy', {
        type: text,
        resources,
        requestedToCapacityRatio: struct('RequestedToCapacityRatioParam', { shape }),
      }),
    }),
  PodTopologySpread: () =>
    struct('PodTopologySpreadArgs', {
      ...typed,
      defaultConstraints: listOf(core('TopologySpreadConstraint')),
      defaultingType: text,
    }),
  VolumeBinding: () => struct('VolumeBindingArgs', { ...typed, bindTimeoutSeconds: long, shape }),
  DynamicResources: () =>
    struct('DynamicResourcesArgs', { ...typed, filterTimeout: scalar('duration'), bindingTimeout: scalar('duration') }),
};
