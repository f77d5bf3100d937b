import { expect, test } from 'vitest';
import { type Json, path, place, serving } from '../../../test/support/places.ts';
import { base64, textOf, utf8 } from '../../base/bytes.ts';
import type { SimulatedHost } from '../outgoing/simulated-network.ts';

type Call = Awaited<ReturnType<typeof serving>>['call'];

const registration = '/apis/admissionregistration.k8s.io/v1';
const failing = (): Json => ({ result: { status: 'Failed', message: 'no idea' } });
const places = (version: string) => ({
  apiGroups: ['example.com'],
  apiVersions: [version],
  operations: ['CREATE', 'UPDATE'],
  resources: ['places'],
});

async function policy(call: Call, sort: 'validating' | 'mutating', name: string, spec: object, binding: object = {}) {
  const matchConstraints = { matchPolicy: 'Equivalent', resourceRules: [places('v2')] };
  await call('POST', `${registration}/${sort}admissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints, ...(sort === 'mutating' && { reinvocationPolicy: 'Never' }), ...spec },
  });
  const deny = sort === 'validating' && { validationActions: ['Deny'] };
  await call('POST', `${registration}/${sort}admissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, ...deny, ...binding },
  });
}

async function webhook(call: Call, sort: 'validating' | 'mutating', name: string, more: object = {}) {
  const common = { sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { url: `https://${name}/` } };
  await call('POST', `${registration}/${sort}webhookconfigurations`, {
    metadata: { name },
    webhooks: [{ name: `${name}.example.com`, rules: [places('v2')], ...common, ...more }],
  });
}

/** A webhook's host that keeps what it is asked. */
function host(asked: Json[], patch?: (object: Json) => object[]): SimulatedHost {
  return ({ body }) => {
    const { apiVersion, request } = JSON.parse(textOf(body as Uint8Array)) as Json;
    asked.push(request);
    const operations = patch && base64(utf8(JSON.stringify(patch(request.object as Json))));
    const response = {
      uid: request.uid,
      allowed: true,
      ...(operations && { patchType: 'JSONPatch', patch: operations }),
    };
    return { body: { apiVersion, kind: 'AdmissionReview', response } };
  };
}

const made = (call: Call, at = 'h:1', name = 'p') => call('POST', path('v1'), place('v1', name, { at }));

test('a policy for another version judges what the webhook makes of the object, before and after', async () => {
  const { call } = await serving();
  await policy(call, 'validating', 'hosts', {
    matchConditions: [{ name: 'other', expression: "object.spec.host != 'skipped'" }],
    validations: [
      {
        expression: "object.spec.host == 'h' && (oldObject == null || oldObject.spec.port == '1')",
        messageExpression: "request.kind.version + ' for ' + request.requestKind.version + ': ' + object.spec.host",
      },
    ],
  });
  expect(await made(call)).toMatchObject({ spec: { at: 'h:1' } });
  expect(await made(call, 'skipped:1', 's')).toMatchObject({ spec: { at: 'skipped:1' } });
  expect((await made(call, 'x:1', 'q')).message).toBe(
    `places.example.com "q" is forbidden: ValidatingAdmissionPolicy 'hosts' with binding 'hosts' denied request: v2 for v1: x`,
  );
  const patch = (at: string) =>
    call('PATCH', path('v1', 'p'), { spec: { at } }, { 'content-type': 'application/merge-patch+json' });
  expect(await patch('h:2')).toMatchObject({ spec: { at: 'h:2' } });
  expect(await patch('h:3')).toMatchObject({ code: 422 });
});

test('a policy that cannot be shown the object refuses it, unless it may be ignored', async () => {
  const { call, answerWith } = await serving();
  answerWith(failing);
  await policy(call, 'validating', 'lenient', { failurePolicy: 'Ignore', validations: [{ expression: 'false' }] });
  expect(await made(call)).toMatchObject({ spec: { at: 'h:1' } });
  await policy(call, 'validating', 'strict', { validations: [{ expression: 'true' }] });
  const why = 'conversion webhook for example.com/v1, Kind=Place failed: no idea';
  expect((await made(call, 'h:1', 'q')).message).toBe(
    `places.example.com "q" is forbidden: ValidatingAdmissionPolicy 'strict' with binding 'strict' denied request: failed to configure binding: failed to convert object version: ${why}`,
  );
});

const setPort = (port: string) => ({
  mutations: [
    {
      patchType: 'ApplyConfiguration',
      applyConfiguration: { expression: `Object{spec: Object.spec{port: object.spec.port + '${port}'}}` },
    },
  ],
});

test('what a policy changes in another version comes back by the webhook', async () => {
  const { call, answerWith } = await serving();
  await policy(call, 'mutating', 'first', setPort('2'));
  await policy(call, 'mutating', 'second', setPort('3'));
  expect(await made(call)).toMatchObject({ apiVersion: 'example.com/v1', spec: { at: 'h:123' } });
  answerWith(failing);
  expect(await made(call, 'h:1', 'q')).toMatchObject({
    code: 403,
    reason: 'Forbidden',
    message: `policy "first" denied request: failed to configure policy: conversion webhook for example.com/v1, Kind=Place failed: no idea`,
  });
});

test('webhooks see the version they ask for, each what the one before left', async () => {
  const [first, second, last]: [Json[], Json[], Json[]] = [[], [], []];
  const { call, asked } = await serving({
    'first:443': host(first, () => [{ op: 'replace', path: '/spec/port', value: '2' }]),
    'second:443': host(second, ({ spec }) => [{ op: 'replace', path: '/spec/port', value: `${spec.port}3` }]),
    'last:443': host(last),
  });
  await webhook(call, 'mutating', 'first');
  await webhook(call, 'mutating', 'second', {
    matchConditions: [{ name: 'changed', expression: "object.spec.port == '2'" }],
  });
  await webhook(call, 'validating', 'last', { rules: [{ ...places('v2'), apiVersions: ['v2', 'v0'] }] });
  expect(await made(call)).toMatchObject({ spec: { at: 'h:23' } });
  const seen = ({ object, kind, requestKind }: Json) => [
    object.apiVersion,
    object.spec,
    kind.version,
    requestKind.version,
  ];
  expect(first.map(seen)).toEqual([['example.com/v2', { host: 'h', port: '1' }, 'v2', 'v1']]);
  expect(second.map(seen)).toEqual([['example.com/v2', { host: 'h', port: '2' }, 'v2', 'v1']]);
  // Versions count in the order of their definition, and where they are not served, too.
  expect(last.map(seen)).toEqual([['example.com/v0', { at: 'h:23' }, 'v0', 'v1']]);
  // The conditions of the second are looked at once more: should it be asked again?
  expect(asked.map(({ desiredAPIVersion }) => desiredAPIVersion.split('/')[1])).toEqual(['v2', 'v1', 'v1', 'v2', 'v0']);
});

test('what cannot be converted for a webhook is put to none, whatever their failure policies', async () => {
  const told: Json[] = [];
  const { call, answerWith } = await serving({ 'hook:443': host(told) });
  answerWith(failing);
  const why = 'conversion webhook for example.com/v1, Kind=Place failed: no idea';
  const internal = 'Internal error occurred: ';
  await webhook(call, 'validating', 'hook', { failurePolicy: 'Ignore' });
  expect(await made(call)).toMatchObject({ code: 500, reason: 'InternalError', message: `${internal}${why}` });
  await webhook(call, 'mutating', 'hook', { failurePolicy: 'Ignore' });
  expect(await made(call)).toMatchObject({ code: 500, message: `${internal}${internal}${why}` });
  expect(told).toEqual([]);
});

test('the parameters of a policy are of the version it names', async () => {
  const { call, answerWith } = await serving();
  await made(call, 'allowed:1', 'parameter');
  const maps = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
  const spec = {
    paramKind: { apiVersion: 'example.com/v2', kind: 'Place' },
    matchConstraints: { resourceRules: [maps] },
    validations: [{ expression: 'object.metadata.name == params.spec.host' }],
  };
  const paramRef = { name: 'parameter', parameterNotFoundAction: 'Deny' };
  await policy(call, 'validating', 'named', spec, { paramRef });
  const map = (name: string) => call('POST', '/api/v1/namespaces/a/configmaps', { metadata: { name } });
  expect(await map('allowed')).toMatchObject({ kind: 'ConfigMap' });
  expect(await map('other')).toMatchObject({ code: 422 });
  await made(call, 'new:1', 'fresh');
  answerWith(failing);
  await policy(call, 'validating', 'unconverted', spec, { paramRef: { ...paramRef, name: 'fresh' } });
  const kind = '&ParamKind{APIVersion:example.com/v2,Kind:Place,}';
  expect((await map('allowed')).message).toBe(
    `configmaps "allowed" is forbidden: ValidatingAdmissionPolicy 'unconverted' with binding 'unconverted' denied request: failed to configure binding: paramKind kind \`${kind}\` not yet synced to use for admission`,
  );
});
