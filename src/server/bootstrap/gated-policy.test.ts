import { expect, test } from 'vitest';
import { clusterRoles } from './cluster-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { policyOf } from './gated-policy.ts';
import { clusterRoleBindings } from './role-bindings.ts';

test('without features the policy is the one every cluster has', () => {
  expect(policyOf(() => false)).toEqual({ clusterRoles, controllerRoles, bindings: clusterRoleBindings });
});

test('a feature adds rules to roles there are, and roles of its own with those who have them', () => {
  const policy = policyOf((gate) => gate === 'ClusterTrustBundle');
  const bundles = { apiGroups: ['certificates.k8s.io'], resources: ['clustertrustbundles'] };
  const reading = { ...bundles, verbs: ['get', 'list', 'watch'] };
  expect(policy.clusterRoles['system:node']).toEqual([...(clusterRoles['system:node'] ?? []), reading]);
  expect(policy.clusterRoles['system:cluster-trust-bundle-discovery']).toEqual([reading]);
  expect(policy.bindings['system:cluster-trust-bundle-discovery']).toEqual(['group:system:serviceaccounts']);
  expect(policy.controllerRoles).toHaveProperty('kube-apiserver-serving-clustertrustbundle-publisher');
});
