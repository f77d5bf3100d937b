import { expect, test } from 'vitest';
import type { ValidatingAdmissionPolicy } from '../kinds/admissionregistration/validating-admission-policy.ts';
import { kinds } from '../kinds/index.ts';
import { warningsOf } from './validating-admission-policy-status.ts';

function warnings(spec: object, resources = ['deployments'], apiGroups = ['apps']) {
  const rule = { apiGroups, apiVersions: ['v1'], operations: ['CREATE'], resources };
  const policy = { metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: [rule] }, ...spec } };
  return warningsOf(policy as ValidatingAdmissionPolicy, kinds);
}

test('fields that the kind has not are told, kind by kind', () => {
  const validations = [{ expression: 'object.replicas > 1', messageExpression: "'must be ' + object.spec.replicas" }];
  const told =
    "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n";
  expect(warnings({ validations })).toEqual([
    { fieldRef: 'spec.validations[0].expression', warning: told },
    {
      fieldRef: 'spec.validations[0].messageExpression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:12: found no matching overload for '_+_' applied to '(string, int)'\n" +
        " | 'must be ' + object.spec.replicas\n | ...........^\n",
    },
  ]);
  expect(
    warnings({ validations: [{ expression: 'object.spec.replicas > 1' }] }, ['daemonsets', 'deployments']),
  ).toEqual([
    { fieldRef: 'spec.validations[0].expression', warning: expect.stringMatching(/^apps\/v1, Kind=DaemonSet: ERROR/) },
  ]);
});

test('what fits has no warnings: lists, maps, times, variables, parameters', () => {
  expect(
    warnings({
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      variables: [{ name: 'containers', expression: 'object.spec.template.spec.containers' }],
      validations: [
        { expression: "variables.containers.all(c, c.image.startsWith(params.data['registry']))" },
        {
          expression:
            "'a' in object.metadata.labels && object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
        },
        { expression: "object.spec.strategy.rollingUpdate.maxSurge == '1' && namespaceObject.metadata.name == 'x'" },
        { expression: 'variables.containers.all(c, c.resources.limits.all(key, key != "x"))' },
      ],
    }),
  ).toEqual([]);
});

test('rules that name everything, or subresources, are about no kind', () => {
  const validations = [{ expression: 'object.colour' }];
  expect(warnings({ validations }, ['*'])).toEqual([]);
  expect(warnings({ validations }, ['deployments/scale'])).toEqual([]);
  expect(warnings({ validations }, ['deployments'], ['*'])).toEqual([]);
});
