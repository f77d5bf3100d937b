// The roles and bindings of a cluster with such features: those every cluster has, and what each feature adds to them.
//
// Facts of Kubernetes 1.36, in the order in which it lists the rules.

import { clusterRoles } from './cluster-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { clusterRoleBindings, type SubjectText } from './role-bindings.ts';
import { can, events, read, type RoleTable } from './rules.ts';

export interface Policy {
  readonly clusterRoles: RoleTable;
  /** By the name of the service account. */
  readonly controllerRoles: RoleTable;
  readonly bindings: Readonly<Record<string, readonly SubjectText[]>>;
}

interface Addition extends Partial<Policy> {
  readonly gate: string;
}

const certificates = 'certificates.k8s.io';
const dynamic = 'resource.k8s.io';
const scheduling = 'scheduling.k8s.io';
const versions = 'internal.apiserver.k8s.io';

const additions: readonly Addition[] = [
  {
    gate: 'ClusterTrustBundle',
    clusterRoles: {
      'system:node': [can(read, 'clustertrustbundles', certificates)],
      'system:cluster-trust-bundle-discovery': [can(read, 'clustertrustbundles', certificates)],
    },
    bindings: { 'system:cluster-trust-bundle-discovery': ['group:system:serviceaccounts'] },
    controllerRoles: {
      'kube-apiserver-serving-clustertrustbundle-publisher': [
        can('attest', 'signers', certificates, 'kubernetes.io/kube-apiserver-serving'),
        can('create delete list update watch', 'clustertrustbundles', certificates),
        events,
      ],
    },
  },
  {
    gate: 'PodCertificateRequest',
    clusterRoles: { 'system:node': [can(`${read} create`, 'podcertificaterequests', certificates)] },
    controllerRoles: {
      podcertificaterequestcleaner: [can(`${read} delete`, 'podcertificaterequests', certificates)],
    },
  },
  {
    gate: 'DRADeviceTaintRules',
    clusterRoles: { 'system:kube-scheduler': [can(read, 'devicetaintrules', dynamic)] },
    controllerRoles: {
      'device-taint-eviction-controller': [can('patch update', 'devicetaintrules/status', dynamic)],
    },
  },
  {
    gate: 'GenericWorkload',
    clusterRoles: {
      'system:kube-scheduler': [
        can(read, 'podgroups', scheduling),
        can('patch update', 'podgroups/status', scheduling),
      ],
    },
    controllerRoles: {
      'podgroup-protection-controller': [can(`${read} update`, 'podgroups', scheduling), can(read, 'pods')],
    },
  },
  {
    gate: 'DRAWorkloadResourceClaims',
    controllerRoles: {
      'resource-claim-controller': [
        can(read, 'podgroups', scheduling),
        can('patch update', 'podgroups/status', scheduling),
      ],
    },
  },
  {
    gate: 'DRAResourcePoolStatus',
    controllerRoles: {
      'resourcepoolstatusrequest-controller': [
        can(`${read} delete`, 'resourcepoolstatusrequests', dynamic),
        can('patch update', 'resourcepoolstatusrequests/status', dynamic),
        can(read, 'resourceslices', dynamic),
        can(read, 'resourceclaims', dynamic),
        events,
      ],
    },
  },
  {
    gate: 'StorageVersionAPI',
    controllerRoles: {
      'storage-version-garbage-collector': [
        can(read, 'leases', 'coordination.k8s.io'),
        can(`${read} delete patch update`, 'storageversions', versions),
        can('get patch update', 'storageversions/status', versions),
      ],
    },
  },
  {
    gate: 'StorageVersionMigrator',
    controllerRoles: {
      'storage-version-migrator-controller': [
        can('create list patch', '*', '*'),
        can('update', 'storageversionmigrations/status', 'storagemigration.k8s.io'),
      ],
    },
  },
];

export function policyOf(enabled: (gate: string) => boolean): Policy {
  return additions
    .filter(({ gate }) => enabled(gate))
    .reduce<Policy>(
      (policy, added) => ({
        clusterRoles: together(policy.clusterRoles, added.clusterRoles),
        controllerRoles: together(policy.controllerRoles, added.controllerRoles),
        bindings: { ...policy.bindings, ...added.bindings },
      }),
      { clusterRoles, controllerRoles, bindings: clusterRoleBindings },
    );
}

const together = (table: RoleTable, added: RoleTable = {}): RoleTable => ({
  ...table,
  ...Object.fromEntries(Object.entries(added).map(([name, rules]) => [name, [...(table[name] ?? []), ...rules]])),
});
