// The roles every cluster has: for users, for the parts of the control plane, and for nodes.
//
// Facts of Kubernetes 1.36 (documentation, "Using RBAC Authorization"), in the order in which it lists the rules.

import { can, events, read, type RoleTable, visit, write } from './rules.ts';

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
const approver = (signer: string) => can('approve', 'signers', certificates, `kubernetes.io/${signer}`);

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
  'system:certificates.k8s.io:kube-apiserver-client-approver': [approver('kube-apiserver-client')],
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': [approver('kube-apiserver-client-kubelet')],
  'system:certificates.k8s.io:kubelet-serving-approver': [approver('kubelet-serving')],
  'system:certificates.k8s.io:legacy-unknown-approver': [approver('legacy-unknown')],
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

export const clusterRoles: RoleTable = { ...users, ...aggregates, ...components, ...nodes };

/** Roles that consist of others: of all that carry the label, which they may carry themselves for the next. */
export const aggregatedRoles: readonly { readonly name: string; readonly partOf?: string }[] = [
  { name: 'admin' },
  { name: 'edit', partOf: 'admin' },
  { name: 'view', partOf: 'edit' },
];
