import { expect, test } from 'vitest';
import { negotiate } from './negotiate.ts';

const one = { protobuf: true, shapes: true, watch: false, routed: 'one' } as const;
const custom = { protobuf: false, shapes: true, watch: false };

test.each([
  [undefined, 'json', 'object'],
  ['*/*', 'json', 'object'],
  ['application/vnd.kubernetes.protobuf,application/json', 'protobuf', 'object'],
  ['application/json;q=0.1, application/yaml', 'yaml', 'object'],
  ['application/json;as=Table;g=meta.k8s.io;v=v1,application/json', 'json', 'Table'],
  ['application/json;as=Chart;g=meta.k8s.io;v=v1, application/json', 'json', 'object'],
  ['application/json;stream=watch', 'json', 'object'],
])('%j becomes %s of an %s', (accept, format, shape) => {
  expect(negotiate(accept, one)).toMatchObject({ format, shape });
});

test('the routes of built-in kinds refuse types nobody has, even in the wrong case', () => {
  for (const accept of ['text/csv', 'application/*', 'Application/JSON'])
    expect(() => negotiate(accept, one)).toThrow(
      '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
});

test('a form that does not exist is refused in other words', () => {
  expect(() => negotiate('application/json;as=Chart;g=meta.k8s.io;v=v1', one)).toThrow(
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
});

test('custom resources have protobuf for their metadata alone', () => {
  const partial = 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  expect(negotiate(partial, custom).format).toBe('protobuf');
  expect(() => negotiate('application/vnd.kubernetes.protobuf', custom)).toThrow('only the following media types');
});
