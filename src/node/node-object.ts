// The Node object of a simulated node, and the Lease that says it is alive, as a kubelet writes them.

import type { Instant } from '../base/clock.ts';
import { formatMicroTime, formatTime } from '../base/time.ts';
import type { Random } from '../base/random.ts';
import type { Lease } from '../kinds/coordination/lease.ts';
import type { Node, NodeCondition, Taint } from '../kinds/generated/types/core-v1.ts';
import { simulatedDriver } from '../kinds/storage/driver-name.ts';
import type { CSINode } from '../kinds/generated/types/storage-v1.ts';
import type { PressureCondition } from './pressure.ts';
import type { StaticPod } from './static-pods.ts';

export interface NodeSpec {
  readonly name: string;
  readonly zone?: string;
  readonly region?: string;
  /** Quantities; default 8 processors and 32Gi. */
  readonly cpu?: string;
  readonly memory?: string;
  /** How many pods it takes at most; default 110. */
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Those it runs by itself. */
  readonly staticPods?: readonly StaticPod[];
}

export const defaultMemory = '32Gi';

/** Marks, as label and annotation, nodes on which nothing really runs. */
export const simulatedMark = 'portolan.dev/simulated';

export const kubeletVersion = 'v1.36.1';

/** What a kubelet of that version says it can do besides what all can. */
const declaredFeatures = [
  'ExtendWebSocketsToKubelet',
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
];

export const leaseNamespace = 'kube-node-lease';

interface Place {
  /** The node's place in the cluster's address plan. */
  readonly hostIP: string;
  readonly podCIDR: string;
  readonly random: Random;
  readonly now: Instant;
}

export function nodeObject(spec: NodeSpec, { hostIP, podCIDR, random, now }: Place): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: spec.name,
      labels: labelsOf(spec),
      annotations: {
        [simulatedMark]: 'true',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        ...spec.annotations,
      },
    },
    spec: {
      podCIDR,
      podCIDRs: [podCIDR],
      providerID: `portolan://${spec.name}`,
      ...(spec.taints && { taints: [...spec.taints] }),
    },
    status: nodeStatus(spec, hostIP, random, nodeConditions(undefined, now)),
  };
}

const archLabel = 'kubernetes.io/arch';

const architectureOf = (labels: NodeSpec['labels']): string => labels?.[archLabel] ?? 'amd64';

export function labelsOf({ name, zone, region, labels }: NodeSpec): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architectureOf(labels),
    'beta.kubernetes.io/os': 'linux',
    [archLabel]: architectureOf(labels),
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'simulated',
    [simulatedMark]: 'true',
    ...(zone && { 'topology.kubernetes.io/zone': zone }),
    ...(region && { 'topology.kubernetes.io/region': region }),
    ...labels,
  };
}

export function nodeStatus(
  { name, cpu = '8', memory = defaultMemory, pods = 110, labels }: NodeSpec,
  hostIP: string,
  random: Random,
  conditions: NodeCondition[],
): NonNullable<Node['status']> {
  const resources = {
    cpu,
    'ephemeral-storage': '100Gi',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory,
    pods: String(pods),
  };
  return {
    capacity: resources,
    allocatable: resources,
    conditions,
    addresses: [
      { type: 'InternalIP', address: hostIP },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: random.fork('machine').uuid().replaceAll('-', ''),
      systemUUID: random.fork('system').uuid(),
      bootID: random.fork('boot').uuid(),
      kernelVersion: '6.12.0-simulated',
      osImage: 'Portolan (simulated)',
      containerRuntimeVersion: 'portolan://0.1.0',
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: architectureOf(labels),
    },
    declaredFeatures: [...declaredFeatures],
  };
}

/** What a kubelet says of its node's health. */
export interface NodeHealth {
  readonly pressures: readonly PressureCondition[];
  readonly shutsDown?: boolean;
}

export const wellNode: NodeHealth = { pressures: [] };

type Judged = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

/** `event`: the reason of the event that tells of the change. */
const judgements: Readonly<Record<PressureCondition, Record<'True' | 'False', Omit<Told, 'type' | 'status'>>>> = {
  MemoryPressure: {
    True: {
      reason: 'KubeletHasInsufficientMemory',
      message: 'kubelet has insufficient memory available',
      event: 'NodeHasInsufficientMemory',
    },
    False: {
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
      event: 'NodeHasSufficientMemory',
    },
  },
  DiskPressure: {
    True: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure', event: 'NodeHasDiskPressure' },
    False: {
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
      event: 'NodeHasNoDiskPressure',
    },
  },
  PIDPressure: {
    True: {
      reason: 'KubeletHasInsufficientPID',
      message: 'kubelet has insufficient PID available',
      event: 'NodeHasInsufficientPID',
    },
    False: {
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
      event: 'NodeHasSufficientPID',
    },
  },
};

interface Told extends Judged {
  readonly event: string;
}

function judge({ pressures, shutsDown }: NodeHealth): readonly Told[] {
  const types = Object.keys(judgements) as PressureCondition[];
  return [
    ...types.map((type) => {
      const status = pressures.includes(type) ? 'True' : 'False';
      return { type, status, ...judgements[type][status] } as const;
    }),
    {
      type: 'Ready',
      ...(shutsDown
        ? ({
            status: 'False',
            reason: 'KubeletNotReady',
            message: 'node is shutting down',
            event: 'NodeNotReady',
          } as const)
        : ({
            status: 'True',
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
            event: 'NodeReady',
          } as const)),
    },
  ];
}

/** A node's conditions, dated from when each became so; conditions of others stay. */
export function nodeConditions(
  previous: readonly NodeCondition[] | undefined,
  now: Instant,
  health: NodeHealth = wellNode,
): NodeCondition[] {
  const known = new Map((previous ?? []).map((condition) => [condition.type, condition]));
  const ours = judge(health).map(({ event: _event, ...condition }) => {
    const before = known.get(condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: formatTime(now), lastTransitionTime: since ?? formatTime(now) };
  });
  return [...ours, ...[...known.values()].filter(({ type }) => !ours.some((condition) => condition.type === type))];
}

/** What is to be told of a node whose object says something else: the reasons of its events. */
export const changesOf = (node: Node, health: NodeHealth): readonly string[] =>
  judge(health)
    .filter(({ type, status }) => statusIn(node, type) !== status)
    .map(({ event }) => event);

const statusIn = (node: Node, type: string): string | undefined =>
  node.status?.conditions?.find((condition) => condition.type === type)?.status;

export function leaseObject(node: Node, now: Instant): Lease {
  const { name = '', uid = '' } = node.metadata;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: leaseNamespace, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: formatMicroTime(now) },
  };
}

const zone = 'topology.kubernetes.io/zone';

/** Every node has the simulated driver, whose volumes are in reach of one zone. */
export function csiNodeObject({ metadata: { name = '', uid = '', labels } }: Node): CSINode {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: {
      name,
      annotations: { 'storage.alpha.kubernetes.io/migrated-plugins': migratedPlugins },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: {
      drivers: [{ name: simulatedDriver, nodeID: name, topologyKeys: labels?.[zone] ? [zone] : [] }],
    },
  };
}

/** As a kubelet of 1.36 lists what moved out of it. */
const migratedPlugins = ['aws-ebs', 'azure-disk', 'azure-file', 'cinder', 'gce-pd', 'portworx-volume', 'vsphere-volume']
  .map((plugin) => `kubernetes.io/${plugin}`)
  .join(',');
