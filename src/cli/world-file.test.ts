// World files: what they describe, and how their mistakes are told.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { UserError } from './errors.ts';
import { nodesOfWorld, readWorld } from './world-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-world-'));
const file = join(folder, 'world.yaml');

afterAll(() => rmSync(folder, { recursive: true }));

function worldOf(text: string) {
  writeFileSync(file, text);
  return readWorld(file);
}

function refusalOf(text: string): UserError {
  try {
    worldOf(text);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('the world was taken');
}

test('groups without a name are numbered through; named ones within themselves', () => {
  const groups = worldOf(`
nodes:
  - { count: 2, zone: a }
  - { name: big, cpu: 64, memory: 256Gi, pods: 50 }
  - { name: small, count: 2, labels: { disk: ssd }, taints: [{ key: gpu, effect: NoSchedule }] }
  - {}
`);
  expect(nodesOfWorld(groups)).toEqual([
    { name: 'n1', zone: 'a' },
    { name: 'n2', zone: 'a' },
    { name: 'big', cpu: '64', memory: '256Gi', pods: 50 },
    { name: 'small-1', labels: { disk: 'ssd' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    { name: 'small-2', labels: { disk: 'ssd' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    { name: 'n3' },
  ]);
});

test.each([
  ['nodes: [', /is not valid YAML: .*\(\d+:\d+\)$/],
  ['[]', /, the file: fields are expected here, such as nodes:$/],
  ['nods: []', /, nods: there is no field nods; a world has nodes$/],
  ['nodes: []', /, nodes: write a list of node groups/],
  ['nodes: [{ cpus: 3 }]', /, nodes\[0\]\.cpus: there is no field cpus; did you mean cpu\?$/],
  ['nodes: [{}, { cpu: lots }]', /, nodes\[1\]\.cpu: "lots" is no quantity above 0; write for example 8 or 500m$/],
  ['nodes: [{ memory: -1Gi }]', /, nodes\[0\]\.memory: "-1Gi" is no quantity above 0/],
  ['nodes: [{ pods: 1.5 }]', /, nodes\[0\]\.pods: 1\.5 is no whole number from 1$/],
  ['nodes: [{ count: 0 }]', /, nodes\[0\]\.count: 0 is no whole number from 1$/],
  ['nodes: [{ count: 20000 }]', /, nodes: 20000 nodes are more than the 10000 there may be$/],
  ['nodes: [{ zone: A B }]', /, nodes\[0\]\.zone: "A B" is no name for a zone/],
  ['nodes: [{ name: a }, { name: a }]', /, nodes: two nodes would be called a; names must differ$/],
  ['nodes: [{ name: n_1 }]', /, nodes\[0\]\.name: "n_1" is no name for a node$/],
  ['nodes: [{ labels: { disk: 3 } }]', /, nodes\[0\]\.labels\.disk: 3 is not text; put it in quotes$/],
  ['nodes: [{ labels: { "a b": c } }]', /, nodes\[0\]\.labels: "a b" is no name for a label$/],
  ['nodes: [{ taints: [{ key: gpu, effect: Never }] }]', /, nodes\[0\]\.taints\[0\]: a taint has a key and an effect/],
])('the world %j is refused with its file and the place in it', (text, line) => {
  const { message, exitCode } = refusalOf(`${text}\n`);
  expect(exitCode).toBe(2);
  expect(message.startsWith(file)).toBe(true);
  expect(message).toMatch(line);
  expect(message).not.toContain('\n');
});

test('a file that is not there is told by its name', () => {
  expect(() => readWorld(join(folder, 'nope.yaml'))).toThrow(/nope\.yaml cannot be read \(ENOENT\)/);
});

test('the worlds among the examples are valid', () => {
  const examples = new URL('../../examples/worlds/', import.meta.url);
  const counts = readdirSync(examples)
    .sort()
    .map((name) => nodesOfWorld(readWorld(fileURLToPath(new URL(name, examples)))).length);
  expect(counts).toEqual([4, 15]);
});

test('nodes have annotations and static pods; what is wrong with them is told with its place', () => {
  const groups = worldOf(`
nodes:
  - name: a
    annotations: { portolan.dev/pressure: memory after 1m }
    staticPods:
      - { apiVersion: v1, kind: Pod, metadata: { name: proxy }, spec: { containers: [{ name: c, image: nginx }] } }
`);
  expect(nodesOfWorld(groups)).toEqual([
    {
      name: 'a',
      annotations: { 'portolan.dev/pressure': 'memory after 1m' },
      staticPods: [{ metadata: { name: 'proxy' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }],
    },
  ]);
  expect(refusalOf('nodes: [{ annotations: { a: 1 } }]').message).toContain('nodes[0].annotations.a');
  expect(refusalOf('nodes: [{ staticPods: [{ metadata: { name: A_b }, spec: {} }] }]').message).toContain(
    'nodes[0].staticPods[0].metadata.name',
  );
});
