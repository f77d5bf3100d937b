// The admission plugins that are on by default, in upstream's order.

import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
  podCertificateSigning,
  trustBundleAttestation,
} from './certificates.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { deviceAdminAccess } from './device-admin-access.ts';
import { jobValidation } from './job-validation.ts';
import { limitRanger } from './limit-ranger.ts';
import { mutatingAdmissionWebhook } from './mutating-admission-webhook.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { podGroupProtection } from './pod-group-protection.ts';
import { podGroupWorkloadExists } from './pod-group-workload-exists.ts';
import { mutatingAdmissionPolicy } from './policies/mutating-admission-policy.ts';
import { validatingAdmissionPolicy } from './policies/validating-admission-policy.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurity } from './pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priorityAdmission } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuotaAdmission } from './resource-quota.ts';
import { runtimeClassAdmission } from './runtime-class.ts';
import { serviceAccountAdmission } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { validatingAdmissionWebhook } from './validating-admission-webhook.ts';

export const admissionPlugins: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  limitRanger,
  serviceAccountAdmission,
  taintNodesByCondition,
  podSecurity,
  priorityAdmission,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  podGroupProtection,
  persistentVolumeClaimResize,
  runtimeClassAdmission,
  certificateRequester,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  trustBundleAttestation,
  podCertificateSigning,
  defaultIngressClass,
  podTopologyLabels,
  podGroupWorkloadExists,
  nodeDeclaredFeatures,
  jobValidation,
  podResizeValidator,
  deviceAdminAccess,
  mutatingAdmissionPolicy,
  mutatingAdmissionWebhook,
  validatingAdmissionPolicy,
  validatingAdmissionWebhook,
  resourceQuotaAdmission,
  // Sees what all others have made of a role.
  rbacEscalation,
];
