// Every kind Kubernetes 1.36 serves, by default or when asked for (then it has no `versions`, only `optionalVersions`). Whoever needs the list (discovery, OpenAPI, roles, docs, the map) derives it from here.

import type { Kind } from '../api/kind.ts';
import { Binding } from './core/binding.ts';
import { ComponentStatus } from './core/component-status.ts';
import { ConfigMap } from './core/config-map.ts';
import { Endpoints } from './core/endpoints.ts';
import { Event } from './core/event.ts';
import { LimitRange } from './core/limit-range.ts';
import { Namespace } from './core/namespace.ts';
import { Node } from './core/node.ts';
import { PersistentVolumeClaim } from './core/persistent-volume-claim.ts';
import { PersistentVolume } from './core/persistent-volume.ts';
import { Pod } from './core/pod.ts';
import { PodTemplate } from './core/pod-template.ts';
import { ReplicationController } from './core/replication-controller.ts';
import { ResourceQuota } from './core/resource-quota.ts';
import { Secret } from './core/secret.ts';
import { ServiceAccount } from './core/service-account.ts';
import { Service } from './core/service.ts';
import { MutatingAdmissionPolicy } from './admissionregistration/mutating-admission-policy.ts';
import { MutatingAdmissionPolicyBinding } from './admissionregistration/mutating-admission-policy-binding.ts';
import { MutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration.ts';
import { ValidatingAdmissionPolicy } from './admissionregistration/validating-admission-policy.ts';
import { ValidatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding.ts';
import { ValidatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration.ts';
import { CustomResourceDefinition } from './apiextensions/custom-resource-definition.ts';
import { APIService } from './apiregistration/api-service.ts';
import { StorageVersion } from './apiserverinternal/storage-version.ts';
import { ControllerRevision } from './apps/controller-revision.ts';
import { DaemonSet } from './apps/daemon-set.ts';
import { Deployment } from './apps/deployment.ts';
import { ReplicaSet } from './apps/replica-set.ts';
import { StatefulSet } from './apps/stateful-set.ts';
import { SelfSubjectReview } from './authentication/self-subject-review.ts';
import { TokenReview } from './authentication/token-review.ts';
import { LocalSubjectAccessReview } from './authorization/local-subject-access-review.ts';
import { SelfSubjectAccessReview } from './authorization/self-subject-access-review.ts';
import { SelfSubjectRulesReview } from './authorization/self-subject-rules-review.ts';
import { SubjectAccessReview } from './authorization/subject-access-review.ts';
import { HorizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts';
import { CronJob } from './batch/cron-job.ts';
import { Job } from './batch/job.ts';
import { CertificateSigningRequest } from './certificates/certificate-signing-request.ts';
import { ClusterTrustBundle } from './certificates/cluster-trust-bundle.ts';
import { PodCertificateRequest } from './certificates/pod-certificate-request.ts';
import { LeaseCandidate } from './coordination/lease-candidate.ts';
import { Lease } from './coordination/lease.ts';
import { EndpointSlice } from './discovery/endpoint-slice.ts';
import { GroupEvent } from './events/event.ts';
import { FlowSchema } from './flowcontrol/flow-schema.ts';
import { PriorityLevelConfiguration } from './flowcontrol/priority-level-configuration.ts';
import { IngressClass } from './networking/ingress-class.ts';
import { Ingress } from './networking/ingress.ts';
import { IPAddress } from './networking/ip-address.ts';
import { NetworkPolicy } from './networking/network-policy.ts';
import { ServiceCIDR } from './networking/service-cidr.ts';
import { RuntimeClass } from './node/runtime-class.ts';
import { PodDisruptionBudget } from './policy/pod-disruption-budget.ts';
import { ClusterRoleBinding } from './rbac/cluster-role-binding.ts';
import { ClusterRole } from './rbac/cluster-role.ts';
import { RoleBinding } from './rbac/role-binding.ts';
import { Role } from './rbac/role.ts';
import { DeviceClass } from './resource/device-class.ts';
import { DeviceTaintRule } from './resource/device-taint-rule.ts';
import { ResourceClaim } from './resource/resource-claim.ts';
import { ResourceClaimTemplate } from './resource/resource-claim-template.ts';
import { ResourcePoolStatusRequest } from './resource/resource-pool-status-request.ts';
import { ResourceSlice } from './resource/resource-slice.ts';
import { PodGroup } from './scheduling/pod-group.ts';
import { PriorityClass } from './scheduling/priority-class.ts';
import { Workload } from './scheduling/workload.ts';
import { CSIDriver } from './storage/csi-driver.ts';
import { CSINode } from './storage/csi-node.ts';
import { CSIStorageCapacity } from './storage/csi-storage-capacity.ts';
import { StorageClass } from './storage/storage-class.ts';
import { VolumeAttachment } from './storage/volume-attachment.ts';
import { VolumeAttributesClass } from './storage/volume-attributes-class.ts';
import { StorageVersionMigration } from './storagemigration/storage-version-migration.ts';

export const kinds: readonly Kind[] = [
  // core
  Binding,
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolumeClaim,
  PersistentVolume,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  ServiceAccount,
  Service,
  // admissionregistration.k8s.io
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  // apiextensions.k8s.io
  CustomResourceDefinition,
  // apiregistration.k8s.io
  APIService,
  // apps
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  // authentication.k8s.io
  SelfSubjectReview,
  TokenReview,
  // authorization.k8s.io
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  // autoscaling
  HorizontalPodAutoscaler,
  // batch
  CronJob,
  Job,
  // certificates.k8s.io
  CertificateSigningRequest,
  ClusterTrustBundle,
  PodCertificateRequest,
  // coordination.k8s.io
  Lease,
  LeaseCandidate,
  // discovery.k8s.io
  EndpointSlice,
  // events.k8s.io
  GroupEvent,
  // flowcontrol.apiserver.k8s.io
  FlowSchema,
  PriorityLevelConfiguration,
  // internal.apiserver.k8s.io
  StorageVersion,
  // networking.k8s.io
  IngressClass,
  Ingress,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
  // node.k8s.io
  RuntimeClass,
  // policy
  PodDisruptionBudget,
  // rbac.authorization.k8s.io
  ClusterRoleBinding,
  ClusterRole,
  RoleBinding,
  Role,
  // resource.k8s.io
  DeviceClass,
  DeviceTaintRule,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourcePoolStatusRequest,
  ResourceSlice,
  // scheduling.k8s.io
  PodGroup,
  PriorityClass,
  Workload,
  // storage.k8s.io
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
  // storagemigration.k8s.io
  StorageVersionMigration,
] as unknown as readonly Kind[];
