// The arguments of plugins from a file: defaults put in, and everything that is wrong with them in kube-scheduler's words.

import { duplicate, forbiddenField, type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import { isQualifiedName } from '../../base/names.ts';
import { nodeAffinityIssues } from '../../kinds/pod-spec/scheduling.ts';
import {
  defaultArgs,
  defaultResources,
  type PluginArgs,
  type ResourceSpec,
  type ScoringStrategy,
} from './plugin-args.ts';
import type { ArgsShapes, PointShape } from './shape.ts';

type Given = { readonly [N in keyof ArgsShapes]?: ArgsShapes[N] };

/** Valid arguments, complete. */
export function argsOf(given: Given): PluginArgs {
  const fit = given.NodeResourcesFit;
  return {
    DefaultPreemption: { ...defaultArgs.DefaultPreemption, ...given.DefaultPreemption },
    InterPodAffinity: { ...defaultArgs.InterPodAffinity, ...given.InterPodAffinity },
    NodeAffinity: given.NodeAffinity ?? {},
    NodeResourcesBalancedAllocation: { resources: resourcesOf(given.NodeResourcesBalancedAllocation?.resources) },
    NodeResourcesFit: {
      ignoredResources: fit?.ignoredResources ?? [],
      ignoredResourceGroups: fit?.ignoredResourceGroups ?? [],
      scoringStrategy: strategyOf(fit?.scoringStrategy),
    },
    PodTopologySpread: {
      defaultConstraints: given.PodTopologySpread?.defaultConstraints ?? [],
      defaultingType: given.PodTopologySpread?.defaultingType === 'List' ? 'List' : 'System',
    },
    VolumeBinding: { bindTimeoutSeconds: given.VolumeBinding?.bindTimeoutSeconds ?? 600 },
  };
}

type Weighted = ArgsShapes['NodeResourcesBalancedAllocation']['resources'];

const resourcesOf = (given: Weighted = []): readonly ResourceSpec[] =>
  given.length === 0 ? defaultResources : given.map(({ name = '', weight }) => ({ name, weight: weight || 1 }));

function strategyOf(given: ArgsShapes['NodeResourcesFit']['scoringStrategy']): ScoringStrategy {
  const resources = resourcesOf(given?.resources);
  if (given?.type !== 'RequestedToCapacityRatio') {
    return { type: given?.type === 'MostAllocated' ? 'MostAllocated' : 'LeastAllocated', resources };
  }
  const points = given.requestedToCapacityRatio?.shape ?? [];
  const shape = points.map(({ utilization = 0, score = 0 }) => ({ utilization, score }));
  return { type: given.type, resources, requestedToCapacityRatio: { shape } };
}

/** What is wrong with the arguments of one plugin. */
export const argsIssues: { readonly [N in keyof ArgsShapes]: (args: ArgsShapes[N], path: string) => Issue[] } = {
  DefaultPreemption({ minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }, path) {
    const [percentage, absolute] = [`${path}.minCandidateNodesPercentage`, `${path}.minCandidateNodesAbsolute`];
    const issues: Issue[] = [];
    if (minCandidateNodesPercentage < 0 || minCandidateNodesPercentage > 100)
      issues.push(invalid(percentage, minCandidateNodesPercentage, 'not in valid range [0, 100]'));
    if (minCandidateNodesAbsolute < 0)
      issues.push(invalid(absolute, minCandidateNodesAbsolute, 'not in valid range [0, inf)'));
    if (minCandidateNodesPercentage === 0 && minCandidateNodesAbsolute === 0) {
      issues.push(invalid(percentage, 0, 'cannot be zero at the same time as minCandidateNodesAbsolute'));
      issues.push(invalid(absolute, 0, 'cannot be zero at the same time as minCandidateNodesPercentage'));
    }
    return issues;
  },
  InterPodAffinity({ hardPodAffinityWeight = 1 }, path) {
    if (hardPodAffinityWeight >= 0 && hardPodAffinityWeight <= 100) return [];
    return [invalid(`${path}.hardPodAffinityWeight`, hardPodAffinityWeight, 'not in valid range [0, 100]')];
  },
  NodeAffinity: ({ addedAffinity }, path) => nodeAffinityIssues(addedAffinity, `${path}.addedAffinity`),
  NodeResourcesBalancedAllocation: ({ resources = [] }, path) =>
    resources.flatMap(({ name, weight }, i) => {
      const isRepeated = resources.findIndex((each) => each.name === name) < i;
      const at = `${path}.resources[${i}]`;
      return [
        ...(isRepeated ? [duplicate(`${at}.name`, name)] : []),
        ...(weight && weight !== 1 ? [invalid(`${at}.weight`, weight, 'must be 1')] : []),
      ];
    }),
  NodeResourcesFit({ ignoredResources = [], ignoredResourceGroups = [], scoringStrategy }, path) {
    const issues = ignoredResources.flatMap((name, i) => labelNameIssues(name, `${path}.ignoredResources[${i}]`));
    ignoredResourceGroups.forEach((group, i) => {
      const at = `${path}.ignoredResourceGroups[${i}]`;
      if (group.includes('/')) issues.push(invalid(at, group, "resource group name can't contain '/'"));
      issues.push(...labelNameIssues(group, at));
    });
    return scoringStrategy ? [...issues, ...strategyIssues(scoringStrategy, `${path}.scoringStrategy`)] : issues;
  },
  PodTopologySpread({ defaultConstraints = [], defaultingType = 'System' }, path) {
    const issues: Issue[] = [];
    if (defaultingType !== 'System' && defaultingType !== 'List')
      issues.push(notSupported(`${path}.defaultingType`, defaultingType, ['System', 'List']));
    else if (defaultingType === 'System' && defaultConstraints.length > 0)
      issues.push(invalid(`${path}.defaultingType`, defaultingType, 'when .defaultConstraints are not empty'));
    return [...issues, ...defaultConstraintIssues(defaultConstraints, `${path}.defaultConstraints`)];
  },
  VolumeBinding({ bindTimeoutSeconds = 600, shape }, path) {
    const issues: Issue[] = [];
    const [timeout, points] = [`${path}.bindTimeoutSeconds`, `${path}.shape`];
    if (bindTimeoutSeconds < 0)
      issues.push(invalid(timeout, bindTimeoutSeconds, 'invalid BindTimeoutSeconds, should not be a negative value'));
    if (shape) {
      const rule = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring';
      issues.push(invalid(points, shape, rule));
    }
    return issues;
  },
  DynamicResources: () => [],
};

const labelNameIssues = (name: string, at: string): Issue[] =>
  isQualifiedName(name).map((rule) => invalid(at, name, rule));

const strategies = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

function strategyIssues(
  {
    type = '',
    resources = [],
    requestedToCapacityRatio: ratio,
  }: NonNullable<ArgsShapes['NodeResourcesFit']['scoringStrategy']>,
  path: string,
): Issue[] {
  const issues = strategies.includes(type) ? [] : [notSupported(`${path}.type`, type, strategies)];
  resources.forEach(({ name, weight }, i) => {
    if (weight !== undefined && (weight < 0 || weight > 100)) {
      const rule = `resource weight of ${name} not in valid range (0, 100]`;
      issues.push(invalid(`${path}.resources[${i}].weight`, weight, rule));
    }
  });
  const at = `${path}.requestedToCapacityRatio`;
  if (type !== 'RequestedToCapacityRatio')
    return ratio ? [...issues, forbiddenField(at, 'must be nil when type is not RequestedToCapacityRatio')] : issues;
  if (!ratio) return [...issues, required(at, 'must be specified when type is RequestedToCapacityRatio')];
  return [...issues, ...shapeIssues(ratio.shape ?? [], `${at}.shape`)];
}

function shapeIssues(shape: readonly PointShape[], path: string): Issue[] {
  if (shape.length === 0) return [required(path, 'at least one point must be specified')];
  const utilizationAt = (i: number): number => shape[i]?.utilization ?? 0;
  const unsorted = shape.findIndex((_, i) => i > 0 && utilizationAt(i - 1) >= utilizationAt(i));
  const issues: Issue[] = [];
  if (unsorted > 0) {
    const rule = 'values must be sorted in increasing order';
    issues.push(invalid(`${path}[${unsorted}].utilization`, utilizationAt(unsorted), rule));
  }
  shape.forEach(({ utilization = 0, score = 0 }, i) => {
    if (utilization < 0 || utilization > 100)
      issues.push(invalid(`${path}[${i}].utilization`, utilization, 'not in valid range [0, 100]'));
    if (score < 0 || score > 10) issues.push(invalid(`${path}[${i}].score`, score, 'not in valid range [0, 10]'));
  });
  return issues;
}

const actions = ['DoNotSchedule', 'ScheduleAnyway'];

const defaultConstraintIssues = (
  constraints: NonNullable<ArgsShapes['PodTopologySpread']['defaultConstraints']>,
  path: string,
): Issue[] =>
  constraints.flatMap(({ maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', labelSelector }, i) => {
    const at = `${path}[${i}]`;
    const issues = maxSkew > 0 ? [] : [invalid(`${at}.maxSkew`, maxSkew, 'not in valid range (0, inf)')];
    if (topologyKey === '') issues.push(required(`${at}.topologyKey`, 'can not be empty'));
    else issues.push(...labelNameIssues(topologyKey, `${at}.topologyKey`));
    if (action === '') issues.push(required(`${at}.whenUnsatisfiable`, 'can not be empty'));
    else if (!actions.includes(action)) issues.push(notSupported(`${at}.whenUnsatisfiable`, action, actions));
    if (labelSelector) {
      const rule = 'constraint must not define a selector, as they deduced for each pod';
      issues.push(forbiddenField(`${at}.labelSelector`, rule));
    }
    const isAlike = (each: (typeof constraints)[number]) =>
      each.topologyKey === topologyKey && each.whenUnsatisfiable === action;
    if (constraints.findIndex(isAlike) < i) issues.push(duplicate(at, `{${topologyKey}, ${action}}`));
    return issues;
  });
