// Who has which of the roles every cluster has, and the few roles that count in one namespace only.

import { can, events, read, type RoleTable } from './rules.ts';

/** `group:NAME`, `user:NAME` or `account:NAME` (a service account of kube-system). */
export type SubjectText = `group:${string}` | `user:${string}` | `account:${string}`;

/** By the name of the role, which is the binding's too. */
export const clusterRoleBindings: Readonly<Record<string, readonly SubjectText[]>> = {
  'cluster-admin': ['group:system:masters'],
  'system:monitoring': ['group:system:monitoring'],
  'system:discovery': ['group:system:authenticated'],
  'system:basic-user': ['group:system:authenticated'],
  'system:public-info-viewer': ['group:system:authenticated', 'group:system:unauthenticated'],
  'system:node-proxier': ['user:system:kube-proxy'],
  'system:kube-controller-manager': ['user:system:kube-controller-manager'],
  'system:kube-dns': ['account:kube-dns'],
  'system:kube-scheduler': ['user:system:kube-scheduler'],
  'system:volume-scheduler': ['user:system:kube-scheduler'],
  // Nodes get their rights from the node authorizer; nobody is bound to the role since Kubernetes 1.8.
  'system:node': [],
  'system:service-account-issuer-discovery': ['group:system:serviceaccounts'],
};

interface NamespacePolicy {
  readonly roles: RoleTable;
  /** By the binding's name: the role, and who has it. */
  readonly bindings: Readonly<Record<string, readonly [role: string, ...subjects: SubjectText[]]>>;
}

const leaderLocking = [
  can(`${read} create update`, 'leases', 'coordination.k8s.io'),
  can(`${read} create update`, 'leasecandidates', 'coordination.k8s.io'),
];

export const namespacePolicies: Readonly<Record<string, NamespacePolicy>> = {
  'kube-system': {
    roles: {
      'extension-apiserver-authentication-reader': [
        can(read, 'configmaps', 'core', 'extension-apiserver-authentication'),
      ],
      'system:controller:bootstrap-signer': [can(read, 'secrets')],
      'system:controller:cloud-provider': [can(`${read} create`, 'configmaps')],
      'system:controller:token-cleaner': [can(`${read} delete`, 'secrets'), events],
      'system::leader-locking-kube-controller-manager': leaderLocking,
      'system::leader-locking-kube-scheduler': leaderLocking,
    },
    bindings: {
      'system::extension-apiserver-authentication-reader': [
        'extension-apiserver-authentication-reader',
        'user:system:kube-controller-manager',
        'user:system:kube-scheduler',
      ],
      'system::leader-locking-kube-controller-manager': [
        'system::leader-locking-kube-controller-manager',
        'user:system:kube-controller-manager',
        'account:kube-controller-manager',
      ],
      'system::leader-locking-kube-scheduler': [
        'system::leader-locking-kube-scheduler',
        'user:system:kube-scheduler',
        'account:kube-scheduler',
      ],
      'system:controller:bootstrap-signer': ['system:controller:bootstrap-signer', 'account:bootstrap-signer'],
      'system:controller:cloud-provider': ['system:controller:cloud-provider', 'account:cloud-provider'],
      'system:controller:token-cleaner': ['system:controller:token-cleaner', 'account:token-cleaner'],
    },
  },
  'kube-public': {
    roles: {
      'system:controller:bootstrap-signer': [
        can(read, 'configmaps'),
        can('update', 'configmaps', 'core', 'cluster-info'),
        events,
      ],
    },
    bindings: {
      'system:controller:bootstrap-signer': ['system:controller:bootstrap-signer', 'account:bootstrap-signer'],
    },
  },
};
