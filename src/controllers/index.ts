// Every built-in controller. The garbage collector is beside them (startGarbageCollector): it looks at all kinds at once.

import type { Duration } from '../base/clock.ts';
import type { Kind } from '../api/kind.ts';
import { kinds as builtInKinds } from '../kinds/index.ts';
import type { Controller } from '../reconcile/controller.ts';
import type { RemoteKinds } from '../server/aggregation/remote-kinds.ts';
import type { CertificateAuthority, KeyMaker } from '../server/tokens/key-maker.ts';
import { attachDetachControllers } from './attach-detach.ts';
import { certificateApprovingController } from './certificate-approving.ts';
import { certificateCleaner } from './certificate-cleaner.ts';
import { certificateSigningController } from './certificate-signing.ts';
import { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { cronJobController } from './cronjob.ts';
import { daemonSetController } from './daemonset.ts';
import { deploymentController } from './deployment.ts';
import { disruptionController } from './disruption.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { endpointsController } from './endpoints.ts';
import { ephemeralVolumeController } from './ephemeral-volume.ts';
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler.ts';
import { jobController } from './job.ts';
import { loadBalancerController } from './load-balancer.ts';
import type { LoadBalancerProvider } from './load-balancer/provider.ts';
import { namespaceController } from './namespace.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { nodeTtlController } from './node-ttl.ts';
import { volumeBinderController } from './persistent-volume-binder.ts';
import { claimBinderController } from './persistent-volume-claim-binder.ts';
import { notModelled } from './not-modelled.ts';
import { podGarbageCollector } from './pod-gc.ts';
import { podGroupProtectionController } from './pod-group-protection.ts';
import { replicaSetController } from './replicaset.ts';
import { replicationController } from './replication-controller.ts';
import { claimReservationsController, podClaimsController } from './resource-claim.ts';
import { resourcePoolStatusController } from './resource-pool-status.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { rootCaPublisher } from './root-ca.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { tokenController } from './serviceaccount-token.ts';
import { serviceCidrController } from './service-cidr.ts';
import type { VolumeContents } from './simulated-storage/driver.ts';
import { simulatedStorage } from './simulated-storage/index.ts';
import type { SnapshotKinds } from './snapshots/kinds.ts';
import { staleDisruptionController } from './stale-disruption.ts';
import { statefulSetController } from './statefulset.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';
import { policyStatusController } from './validating-admission-policy-status.ts';
import { volumeExpandController } from './volume-expand.ts';
import {
  attributesProtectionController,
  claimProtectionController,
  volumeProtectionController,
} from './volume-protection.ts';

export interface ControllerOptions {
  /** The authority of the API server's certificate, the signing of tokens and of certificates. */
  readonly keys: KeyMaker;
  /** How long a node may be silent, in milliseconds: `--node-monitor-grace-period`. */
  readonly nodeMonitorGracePeriod?: Duration;
  /** All kinds served at the time, custom ones included. Default: the built-in ones. */
  readonly kinds?: () => readonly Kind[];
  /** What other API servers serve at the time. Default: nothing. */
  readonly remoteKinds?: () => RemoteKinds;
  /** Whether a feature gate of Kubernetes is on. */
  enabled(featureGate: string): boolean;
}

export function controllers(options: ControllerOptions): readonly Controller[] {
  const {
    keys,
    nodeMonitorGracePeriod,
    enabled,
    kinds = () => builtInKinds.filter(({ versions }) => versions.length > 0),
    remoteKinds = () => ({ kinds: [], stale: [] }),
  } = options;
  return [
    replicaSetController,
    replicationController,
    deploymentController,
    statefulSetController,
    daemonSetController(),
    jobController(),
    cronJobController(),
    ttlAfterFinishedController,
    horizontalPodAutoscalerController({ kinds, enabled }),
    disruptionController(kinds),
    staleDisruptionController,
    endpointsController(),
    endpointSliceController(),
    endpointSliceMirroringController,
    serviceCidrController,
    resourceQuotaController(kinds),
    resourcePoolStatusController,
    ephemeralVolumeController,
    podClaimsController,
    claimReservationsController,
    claimBinderController,
    volumeBinderController,
    volumeExpandController(),
    ...attachDetachControllers(keys.sha256),
    policyStatusController(kinds),
    namespaceController({ kinds, remoteKinds }),
    serviceAccountController,
    rootCaPublisher(keys.caCertificate),
    tokenController(keys),
    nodeLifecycleController(nodeMonitorGracePeriod === undefined ? {} : { gracePeriod: nodeMonitorGracePeriod }),
    nodeTtlController,
    taintEvictionController(),
    podGarbageCollector(),
    podGroupProtectionController,
    claimProtectionController,
    volumeProtectionController,
    attributesProtectionController,
    clusterRoleAggregationController,
    ...certificateControllers(keys.authority),
  ];
}

const certificateControllers = (authority: CertificateAuthority | undefined): readonly Controller[] => [
  ...(authority ? [certificateApprovingController(authority), certificateSigningController(authority)] : []),
  certificateCleaner,
];

/** The outside world of simulated nodes. */
export interface SimulatedWorld {
  readonly contents: VolumeContents;
  readonly snapshots: () => SnapshotKinds | undefined;
  readonly loadBalancers: LoadBalancerProvider;
}

/** What stands in for the outside world where nodes are simulated: storage and load balancers; and what says aloud where nothing stands in. */
export const simulatedControllers = ({ contents, snapshots, loadBalancers }: SimulatedWorld): readonly Controller[] => [
  ...simulatedStorage(contents, snapshots),
  loadBalancerController(loadBalancers),
  ...notModelled(),
];
