// Every scheduling plugin, in the order in which Kubernetes' default profile asks them.

import { defaultArgs, type PluginArgs } from '../configuration/plugin-args.ts';
import type { Plugin } from '../plugin.ts';
import { defaultPreemption } from './default-preemption.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** Those whose behaviour can be told get their arguments. */
export const pluginsWith = (args: PluginArgs): readonly Plugin[] => [
  schedulingGates,
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity(args.NodeAffinity),
  nodePorts,
  nodeResourcesFit(args.NodeResourcesFit),
  volumeRestrictions,
  nodeVolumeLimits,
  volumeBinding,
  volumeZone,
  podTopologySpread(args.PodTopologySpread),
  interPodAffinity(args.InterPodAffinity),
  dynamicResources,
  defaultPreemption(args.DefaultPreemption),
  nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation),
  imageLocality,
  nodeDeclaredFeatures,
];

export const plugins = pluginsWith(defaultArgs);
