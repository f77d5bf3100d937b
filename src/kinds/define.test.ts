import { expect, test } from 'vitest';
import { discovered } from './discovered.ts';
import { kinds } from './index.ts';
import { namedSchema, schemaOf } from './schemas.ts';

const find = (group: string, kind: string) => kinds.find((k) => k.group === group && k.kind === kind);

test('a kind knows its resource, its subresources and the kinds of their bodies', () => {
  expect(find('', 'Pod')).toMatchObject({ plural: 'pods', singular: 'pod', scope: 'Namespaced', shortNames: ['po'] });
  expect(find('', 'Pod')?.subresources.find((s) => s.name === 'eviction')).toEqual({
    name: 'eviction',
    verbs: ['create'],
    kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  });
});

test('stable versions are served, others are at hand', () => {
  expect(find('autoscaling', 'HorizontalPodAutoscaler')?.versions.map((v) => v.version)).toEqual(['v2', 'v1']);
  expect(find('resource.k8s.io', 'DeviceClass')?.versions.map((v) => v.version)).toEqual(['v1']);
  expect(find('resource.k8s.io', 'DeviceClass')?.optionalVersions?.map((v) => v.version)).toEqual([
    'v1beta2',
    'v1beta1',
  ]);
});

test('every resource that is served in a stable version has a kind', () => {
  const missing = discovered.flatMap((g) =>
    g.versions
      .filter((v) => /^v\d+$/.test(v.version))
      .flatMap((v) => v.resources.filter((r) => !find(g.name, r.kind)).map((r) => `${g.name}/${r.name}`)),
  );
  expect(missing).toEqual([]);
});

test('schemas are linked once, also where types contain themselves', () => {
  const props = namedSchema('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  expect(props.fields.get('not')?.schema).toBe(props);
  expect(schemaOf('v1', 'Pod').fields.get('spec')?.schema).toBe(namedSchema('io.k8s.api.core.v1.PodSpec'));
});

test('the fields of embedded structs know their way in protobuf', () => {
  const volume = namedSchema('io.k8s.api.core.v1.Volume');
  expect(volume.fields.get('emptyDir')).toMatchObject({ number: 2, within: [2], pointer: true });
});

test('lists have schemas without being in the table', () => {
  expect(schemaOf('apps/v1', 'DeploymentList').fields.get('items')?.schema).toMatchObject({
    type: 'list',
    items: schemaOf('apps/v1', 'Deployment'),
  });
});
