// Every built-in controller. The garbage collector is beside them (startGarbageCollector): it looks at all kinds at once.

import type { Duration } from '../base/clock.ts';
import type { Kind } from '../api/kind.ts';
import { kinds as builtInKinds } from '../kinds/index.ts';
import type { Controller } from '../reconcile/controller.ts';
import type { CertificateAuthority, KeyMaker } from '../server/tokens/key-maker.ts';
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
import { jobController } from './job.ts';
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
import { staleDisruptionController } from './stale-disruption.ts';
import { statefulSetController } from './statefulset.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';
import { policyStatusController } from './validating-admission-policy-status.ts';
import { volumeExpandController } from './volume-expand.ts';
import { volumeDeleter, volumeProvisioner } from './volume-provisioner.ts';
import { claimProtectionController, volumeProtectionController } from './volume-protection.ts';

export interface ControllerOptions {
  /** The authority of the API server's certificate, the signing of tokens and of certificates. */
  readonly keys: KeyMaker;
  /** How long a node may be silent, in milliseconds: `--node-monitor-grace-period`. */
  readonly nodeMonitorGracePeriod?: Duration;
  /** All kinds served at the time, custom ones included. Default: the built-in ones. */
  readonly kinds?: () => readonly Kind[];
}

export function controllers(options: ControllerOptions): readonly Controller[] {
  const {
    keys,
    nodeMonitorGracePeriod,
    kinds = () => builtInKinds.filter(({ versions }) => versions.length > 0),
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
    disruptionController(kinds),
    staleDisruptionController,
    endpointsController(),
    endpointSliceController(),
    endpointSliceMirroringController,
    resourceQuotaController(kinds),
    resourcePoolStatusController,
    ephemeralVolumeController,
    podClaimsController,
    claimReservationsController,
    claimBinderController,
    volumeBinderController,
    volumeExpandController,
    policyStatusController(kinds),
    namespaceController(kinds),
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
    clusterRoleAggregationController,
    ...certificateControllers(keys.authority),
  ];
}

const certificateControllers = (authority: CertificateAuthority | undefined): readonly Controller[] => [
  ...(authority ? [certificateApprovingController(authority), certificateSigningController(authority)] : []),
  certificateCleaner,
];

/** What stands in for the outside world where nodes are simulated: the provisioners of storage; and what says aloud where nothing stands in. */
export const simulatedControllers = (): readonly Controller[] => [volumeProvisioner(), volumeDeleter, ...notModelled()];
