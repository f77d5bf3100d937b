// The roles every cluster has: for users, for the parts of the control plane, for nodes, and for each controller.
//
// Facts of Kubernetes 1.36 (documentation, "Using RBAC Authorization"), in the order in which it lists the rules.

import type { PolicyRule } from '../rbac.ts';
import { can, events, read, visit, write } from './rules.ts';

export interface RoleTable {
  readonly [name: string]: readonly PolicyRule[];
}

const certificates = 'certificates.k8s.io';
const dynamic = 'resource.k8s.io';
const storage = 'storage.k8s.io';
const networking = 'networking.k8s.io';
const discovery = 'discovery.k8s.io';
const leases = 'coordination.k8s.io';
const reviews = [
  can('create', 'tokenreviews', 'authentication.k8s.io'),
  can('create', 'subjectaccessreviews', 'authorization.k8s.io'),
];
const signer = (name: string) => can('approve', 'signers', certificates, `kubernetes.io/${name}`);

/** For whoever may do anything, for checking tokens, and for what anybody may know. */
const users: RoleTable = {
  'cluster-admin': [can('*', '*', '*'), visit('*', '*')],
  'system:discovery': [
    visit('/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
  ],
  'system:monitoring': [visit('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  'system:basic-user': [
    can('create', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'authorization.k8s.io'),
    can('create', 'selfsubjectreviews', 'authentication.k8s.io'),
  ],
  'system:public-info-viewer': [visit('/healthz /livez /readyz /version /version/')],
  'system:auth-delegator': reviews,
  'system:service-account-issuer-discovery': [
    visit('/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/'),
  ],
};

/** What admin, edit and view are made of. */
const aggregates: RoleTable = {
  'system:aggregate-to-admin': [
    can('create', 'localsubjectaccessreviews', 'authorization.k8s.io'),
    can(`${read} ${write}`, 'roles rolebindings', 'rbac.authorization.k8s.io'),
  ],
  'system:aggregate-to-edit': [
    can(read, 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
    can('impersonate', 'serviceaccounts'),
    can(write, 'pods pods/attach pods/exec pods/portforward pods/proxy'),
    can('create', 'pods/eviction'),
    can(
      write,
      'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    ),
    can('create', 'serviceaccounts/token'),
    can(write, 'events', 'core events.k8s.io'),
    can(
      write,
      'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
      'apps',
    ),
    can(write, 'horizontalpodautoscalers', 'autoscaling'),
    can(write, 'cronjobs jobs', 'batch'),
    can(
      write,
      'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
      'extensions',
    ),
    can(write, 'poddisruptionbudgets', 'policy'),
    can(write, 'ingresses networkpolicies', networking),
    can(`${read} ${write}`, 'leases', leases),
    can(write, 'resourceclaims resourceclaimtemplates', dynamic),
  ],
  'system:aggregate-to-view': [
    can(
      read,
      'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    ),
    can(
      read,
      'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    ),
    can(read, 'namespaces'),
    can(read, 'events', 'core events.k8s.io'),
    can(read, 'endpointslices', discovery),
    can(
      read,
      'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      'apps',
    ),
    can(read, 'horizontalpodautoscalers horizontalpodautoscalers/status', 'autoscaling'),
    can(read, 'cronjobs cronjobs/status jobs jobs/status', 'batch'),
    can(
      read,
      'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
      'extensions',
    ),
    can(read, 'poddisruptionbudgets poddisruptionbudgets/status', 'policy'),
    can(read, 'ingresses ingresses/status networkpolicies', networking),
    can(read, 'resourceclaims resourceclaims/status resourceclaimtemplates', dynamic),
  ],
};

const components: RoleTable = {
  'system:heapster': [can(read, 'events namespaces nodes pods'), can(read, 'deployments', 'extensions')],
  'system:kube-aggregator': [can(read, 'endpoints services')],
  'system:kube-controller-manager': [
    events,
    can('create', 'leases', leases),
    can('get update', 'leases', leases, 'kube-controller-manager'),
    can('create', 'secrets serviceaccounts'),
    can('delete', 'secrets'),
    can('get', 'configmaps namespaces secrets serviceaccounts'),
    can('update', 'secrets serviceaccounts'),
    ...reviews,
    can('list watch', '*', '*'),
    can('create', 'serviceaccounts/token'),
  ],
  'system:kube-dns': [can('list watch', 'endpoints services')],
  'system:kube-scheduler': [
    events,
    can('create', 'leases', leases),
    can(`${read} update`, 'leases', leases, 'kube-scheduler'),
    can(`${read} ${write}`, 'leasecandidates', leases),
    can(read, 'nodes'),
    can(`${read} delete`, 'pods'),
    can('create', 'bindings pods/binding'),
    can('patch update', 'pods/status'),
    can(read, 'replicationcontrollers services'),
    can(read, 'replicasets', 'apps extensions'),
    can(read, 'statefulsets', 'apps'),
    can(read, 'poddisruptionbudgets', 'policy'),
    can(read, 'persistentvolumeclaims persistentvolumes'),
    ...reviews,
    can(read, 'csinodes', storage),
    can(read, 'volumeattachments', storage),
    can(read, 'namespaces'),
    can(read, 'csidrivers', storage),
    can(read, 'csistoragecapacities', storage),
    can(read, 'deviceclasses', dynamic),
    can(`${read} patch update`, 'resourceclaims', dynamic),
    can(`${read} patch update`, 'resourceclaims/status', dynamic),
    can('update', 'pods/finalizers'),
    can(read, 'resourceslices', dynamic),
    can('create delete', 'resourceclaims', dynamic),
    can('patch update', 'resourceclaims/binding', dynamic),
  ],
  'system:kubelet-api-admin': [
    can(read, 'nodes'),
    can('proxy', 'nodes'),
    can('*', 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
  ],
  'system:persistent-volume-provisioner': [
    can(`${read} create delete`, 'persistentvolumes'),
    can(`${read} update`, 'persistentvolumeclaims'),
    can(read, 'storageclasses', storage),
    can('watch', 'events'),
    events,
  ],
  'system:volume-scheduler': [
    can(`${read} patch update`, 'persistentvolumes'),
    can(read, 'storageclasses', storage),
    can(`${read} patch update`, 'persistentvolumeclaims'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    can('create', 'certificatesigningrequests/nodeclient', certificates),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    can('create', 'certificatesigningrequests/selfnodeclient', certificates),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': [signer('kube-apiserver-client')],
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': [signer('kube-apiserver-client-kubelet')],
  'system:certificates.k8s.io:kubelet-serving-approver': [signer('kubelet-serving')],
  'system:certificates.k8s.io:legacy-unknown-approver': [signer('legacy-unknown')],
};

const nodes: RoleTable = {
  'system:node': [
    can('create', 'tokenreviews', 'authentication.k8s.io'),
    can('create', 'localsubjectaccessreviews subjectaccessreviews', 'authorization.k8s.io'),
    can(read, 'services'),
    can(`${read} create`, 'nodes'),
    can('patch update', 'nodes/status'),
    can('patch update', 'nodes'),
    can('create patch update', 'events'),
    can(read, 'pods'),
    can('create delete', 'pods'),
    can('patch update', 'pods/status'),
    can('create', 'pods/eviction'),
    can(read, 'configmaps secrets'),
    can('get', 'persistentvolumeclaims persistentvolumes'),
    can('get', 'endpoints'),
    can(`${read} create`, 'certificatesigningrequests', certificates),
    can('create delete get patch update', 'leases', leases),
    can('get', 'volumeattachments', storage),
    can('create', 'serviceaccounts/token'),
    can('get patch update', 'persistentvolumeclaims/status'),
    can(read, 'csidrivers', storage),
    can('create delete get patch update', 'csinodes', storage),
    can(read, 'runtimeclasses', 'node.k8s.io'),
    can('get', 'resourceclaims', dynamic),
    can('deletecollection', 'resourceslices', dynamic),
    can(`${read} create delete patch update`, 'resourceslices', dynamic),
  ],
  'system:node-bootstrapper': [can(`${read} create`, 'certificatesigningrequests', certificates)],
  'system:node-problem-detector': [can('get', 'nodes'), can('patch', 'nodes/status'), events],
  'system:node-proxier': [
    can('list watch', 'endpoints services'),
    can(read, 'nodes'),
    events,
    can('list watch', 'endpointslices', discovery),
    can('list watch', 'servicecidrs', networking),
  ],
};

/** By the name of the controller's service account in kube-system. */
export const controllerRoles: RoleTable = {
  'attachdetach-controller': [
    can('list watch', 'persistentvolumeclaims persistentvolumes'),
    can(read, 'nodes'),
    can('patch update', 'nodes/status'),
    can('list watch', 'pods'),
    events,
    can(`${read} create delete`, 'volumeattachments', storage),
    can(read, 'csidrivers', storage),
    can(read, 'csinodes', storage),
  ],
  'certificate-controller': [
    can(`${read} delete`, 'certificatesigningrequests', certificates),
    can('update', 'certificatesigningrequests/approval certificatesigningrequests/status', certificates),
    signer('kube-apiserver-client-kubelet'),
    can(
      'sign',
      'signers',
      certificates,
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    can('create', 'subjectaccessreviews', 'authorization.k8s.io'),
    events,
  ],
  'clusterrole-aggregation-controller': [
    can(`${read} escalate patch update`, 'clusterroles', 'rbac.authorization.k8s.io'),
  ],
  'cronjob-controller': [
    can(`${read} update`, 'cronjobs', 'batch'),
    can(`${read} create delete patch update`, 'jobs', 'batch'),
    can('update', 'cronjobs/status', 'batch'),
    can('update', 'cronjobs/finalizers', 'batch'),
    can('delete list watch', 'pods'),
    events,
  ],
  'daemon-set-controller': [
    can(read, 'daemonsets', 'apps extensions'),
    can('update', 'daemonsets/status', 'apps extensions'),
    can('update', 'daemonsets/finalizers', 'apps extensions'),
    can('list watch', 'nodes'),
    can('create delete list patch watch', 'pods'),
    can('create', 'pods/binding'),
    can(`${read} create delete patch update`, 'controllerrevisions', 'apps'),
    events,
  ],
  'deployment-controller': [
    can(`${read} update`, 'deployments', 'apps extensions'),
    can('update', 'deployments/status', 'apps extensions'),
    can('update', 'deployments/finalizers', 'apps extensions'),
    can(`${read} create delete patch update`, 'replicasets', 'apps extensions'),
    can(`${read} update`, 'pods'),
    events,
  ],
  'device-taint-eviction-controller': [
    can(`${read} delete`, 'pods'),
    can('patch update', 'pods/status'),
    can(read, 'resourceclaims', dynamic),
    can(read, 'resourceslices', dynamic),
    can(read, 'deviceclasses', dynamic),
    can(read, 'devicetaintrules', dynamic),
    events,
  ],
  'disruption-controller': [
    can(read, 'deployments', 'apps extensions'),
    can(read, 'replicasets', 'apps extensions'),
    can(read, 'replicationcontrollers'),
    can(read, 'poddisruptionbudgets', 'policy'),
    can(read, 'statefulsets', 'apps'),
    can('update', 'poddisruptionbudgets/status', 'policy'),
    can('patch update', 'pods/status'),
    can('get', '*/scale', '*'),
    events,
  ],
  'endpoint-controller': [
    can(read, 'pods services'),
    can(`${read} create delete update`, 'endpoints'),
    can('create', 'endpoints/restricted'),
    events,
  ],
  'endpointslice-controller': [
    can(read, 'nodes pods services'),
    can('update', 'services/finalizers'),
    can(`${read} create delete update`, 'endpointslices', discovery),
    can('create', 'endpointslices/restricted', discovery),
    events,
  ],
  'endpointslicemirroring-controller': [
    can(read, 'endpoints services'),
    can('update', 'services/finalizers'),
    can('update', 'endpoints/finalizers'),
    can(`${read} create delete update`, 'endpointslices', discovery),
    can('create', 'endpointslices/restricted', discovery),
    events,
  ],
  'ephemeral-volume-controller': [
    can(read, 'pods'),
    can('update', 'pods/finalizers'),
    can(`${read} create`, 'persistentvolumeclaims'),
    events,
  ],
  'expand-controller': [
    can(`${read} patch update`, 'persistentvolumes'),
    can('patch update', 'persistentvolumeclaims/status'),
    can(read, 'persistentvolumeclaims'),
    can(read, 'storageclasses', storage),
    events,
  ],
  'generic-garbage-collector': [can(`${read} delete patch update`, '*', '*')],
  'horizontal-pod-autoscaler': [
    can(read, 'horizontalpodautoscalers', 'autoscaling'),
    can('update', 'horizontalpodautoscalers/status', 'autoscaling'),
    can('get update', '*/scale', '*'),
    can('list', 'pods'),
    can('list', 'pods', 'metrics.k8s.io'),
    can('get list', '*', 'custom.metrics.k8s.io'),
    can('get list', '*', 'external.metrics.k8s.io'),
    events,
  ],
  'job-controller': [
    can(`${read} patch update`, 'jobs', 'batch'),
    can('update', 'jobs/status', 'batch'),
    can('update', 'jobs/finalizers', 'batch'),
    can('create delete list patch watch', 'pods'),
    events,
  ],
  'legacy-service-account-token-cleaner': [
    can('get', 'configmaps', 'core', 'kube-apiserver-legacy-service-account-token-tracking'),
    can('delete patch', 'secrets'),
  ],
  'namespace-controller': [
    can(`${read} delete`, 'namespaces'),
    can('update', 'namespaces/finalize namespaces/status'),
    can('delete deletecollection get list', '*', '*'),
  ],
  'node-controller': [
    can('delete get list patch update', 'nodes'),
    can('patch update', 'nodes/status'),
    can('patch update', 'pods/status'),
    can('delete get list', 'pods'),
    events,
  ],
  'persistent-volume-binder': [
    can(`${read} create delete update`, 'persistentvolumes'),
    can('update', 'persistentvolumes/status'),
    can(`${read} update`, 'persistentvolumeclaims'),
    can('update', 'persistentvolumeclaims/status'),
    can(`${read} create delete`, 'pods'),
    can(read, 'storageclasses', storage),
    can('create delete get update', 'endpoints services'),
    can('get list', 'secrets'),
    can('get list', 'nodes'),
    can('watch', 'events'),
    events,
  ],
  'pod-garbage-collector': [can('delete list watch', 'pods'), can('get list', 'nodes'), can('patch', 'pods/status')],
  'pv-protection-controller': [can(`${read} update`, 'persistentvolumes'), events],
  'pvc-protection-controller': [can(`${read} update`, 'persistentvolumeclaims'), can(read, 'pods'), events],
  'replicaset-controller': [
    can(`${read} update`, 'replicasets', 'apps extensions'),
    can('update', 'replicasets/status', 'apps extensions'),
    can('update', 'replicasets/finalizers', 'apps extensions'),
    can('create delete list patch watch', 'pods'),
    events,
  ],
  'replication-controller': [
    can(`${read} update`, 'replicationcontrollers'),
    can('update', 'replicationcontrollers/status'),
    can('update', 'replicationcontrollers/finalizers'),
    can('create delete list patch watch', 'pods'),
    events,
  ],
  'resource-claim-controller': [
    can(read, 'pods'),
    can('update', 'pods/finalizers'),
    can(`${read} create delete`, 'resourceclaims', dynamic),
    can('patch update', 'resourceclaims resourceclaims/status', dynamic),
    can('patch update', 'pods/status'),
    events,
  ],
  'resourcequota-controller': [can('list watch', '*', '*'), can('update', 'resourcequotas/status'), events],
  'root-ca-cert-publisher': [can('create update', 'configmaps'), events],
  'route-controller': [can('list watch', 'nodes'), can('patch', 'nodes/status'), events],
  'selinux-warning-controller': [
    can(read, 'persistentvolumeclaims persistentvolumes pods'),
    can(read, 'csidrivers', storage),
    events,
  ],
  'service-account-controller': [can('create', 'serviceaccounts'), events],
  'service-cidrs-controller': [
    can(`${read} patch update`, 'servicecidrs', networking),
    can('patch', 'servicecidrs/finalizers', networking),
    can('patch', 'servicecidrs/status', networking),
    can(read, 'ipaddresses', networking),
    events,
  ],
  'service-controller': [
    can(read, 'services'),
    can('patch update', 'services/status'),
    can('list watch', 'nodes'),
    events,
  ],
  'statefulset-controller': [
    can('list watch', 'pods'),
    can(read, 'statefulsets', 'apps'),
    can('update', 'statefulsets/status', 'apps'),
    can('update', 'statefulsets/finalizers', 'apps'),
    can('create delete get patch update', 'pods'),
    can(`${read} create delete patch update`, 'controllerrevisions', 'apps'),
    can('create get', 'persistentvolumeclaims'),
    events,
    can('delete update', 'persistentvolumeclaims'),
  ],
  'ttl-after-finished-controller': [can(`${read} delete`, 'jobs', 'batch'), events],
  'ttl-controller': [can('list patch update watch', 'nodes'), events],
  'validatingadmissionpolicy-status-controller': [
    can(read, 'validatingadmissionpolicies', 'admissionregistration.k8s.io'),
    can('get patch update', 'validatingadmissionpolicies/status', 'admissionregistration.k8s.io'),
    events,
  ],
  'volumeattributesclass-protection-controller': [
    can(read, 'persistentvolumeclaims persistentvolumes'),
    can(`${read} update`, 'volumeattributesclasses', storage),
    events,
  ],
};

export const clusterRoles: RoleTable = { ...users, ...aggregates, ...components, ...nodes };

/** Roles that consist of others: of all that carry the label, which they may carry themselves for the next. */
export const aggregatedRoles: readonly { readonly name: string; readonly partOf?: string }[] = [
  { name: 'admin' },
  { name: 'edit', partOf: 'admin' },
  { name: 'view', partOf: 'edit' },
];
