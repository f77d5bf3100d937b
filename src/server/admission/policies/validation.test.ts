import { expect, test } from 'vitest';
import { ConfigMap } from '../../../kinds/core/config-map.ts';
import type { ValidatingAdmissionPolicy } from '../../../kinds/admissionregistration/validating-admission-policy.ts';
import type { Kind, ServedVersion } from '../../../api/kind.ts';
import type { Subject } from '../expressions/activation.ts';
import { compileValidator, type Findings, validate } from './validation.ts';

const kind = ConfigMap as unknown as Kind;

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'here' } };

const subject: Subject = {
  shown: { object, old: undefined },
  served: { kind, version: kind.versions[0] as ServedVersion },
  attributes: {
    operation: 'CREATE',
    kind,
    version: 'v1',
    namespace: 'here',
    name: 'c',
    subresource: '',
    object,
    old: undefined,
    user: { name: 'alice', groups: [] },
    dryRun: false,
    reinvocation: { again: false, wanted: false },
    warn: () => {},
    annotate: () => {},
  },
};

const noTime = { elapsed: () => 0 };

const found = (spec: ValidatingAdmissionPolicy['spec']): Promise<Findings> =>
  validate(compileValidator({ metadata: { name: 'p' }, spec: spec as NonNullable<typeof spec> }), subject, noTime);

test('annotations are texts; null and blank ones are left out', async () => {
  const auditAnnotations = [
    { key: 'name', valueExpression: "' ' + object.metadata.name + ' '" },
    { key: 'blank', valueExpression: "' '" },
    { key: 'none', valueExpression: 'null' },
  ];
  expect((await found({ auditAnnotations })).annotations).toEqual([{ key: 'name', value: 'c' }]);
});

test('an annotation that cannot be told is a failure, which the policy may let pass', async () => {
  const auditAnnotations = [{ key: 'a', valueExpression: 'object.data.x' }];
  const stored = [{ key: 'a', valueExpression: 'string(object.data.x)' }];
  expect((await found({ auditAnnotations })).annotations).toMatchObject([
    { key: 'a', error: 'compilation error: must evaluate to one of [string null_type] but got dyn' },
  ]);
  expect((await found({ auditAnnotations: stored })).annotations).toEqual([
    { key: 'a', error: "expression 'string(object.data.x)' resulted in error: no such key: data", elapsed: 0 },
  ]);
  expect((await found({ auditAnnotations: stored, failurePolicy: 'Ignore' })).annotations).toEqual([]);
});

test.each([
  [{ expression: 'false' }, 'failed expression: false'],
  [{ expression: ' false ', message: ' no ' }, 'no'],
  [{ expression: 'false', message: 'no', messageExpression: "'not ' + object.metadata.name" }, 'not c'],
  [{ expression: 'false', message: 'no', messageExpression: "'a\\nb'" }, 'no'],
  [{ expression: 'false', message: 'no', messageExpression: 'object.data.x + 1' }, 'no'],
])('%j is told as %s', async (validation, message) => {
  expect((await found({ validations: [validation] })).denials).toEqual([
    { index: 0, message, reason: 'Invalid', elapsed: 0 },
  ]);
});

test('a condition that does not hold settles it, whatever others come to', async () => {
  const broken = { name: 'a', expression: "object.data.x == ''" };
  const validations = [{ expression: 'false' }];
  const not = { name: 'b', expression: "request.name != 'c'" };
  expect((await found({ matchConditions: [broken, not], validations })).denials).toEqual([]);
  expect((await found({ matchConditions: [broken], validations })).denials).toEqual([
    { index: 0, message: `expression 'object.data.x == ''' resulted in error: no such key: data`, elapsed: 0 },
  ]);
});
