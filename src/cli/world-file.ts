// A world file describes the nodes of a cluster by groups:
//   nodes:
//     - { count: 3, zone: a, cpu: 8, memory: 32Gi }
//     - { name: big, zone: b, cpu: 64, memory: 256Gi, labels: { disk: ssd }, taints: [{ key: gpu, effect: NoSchedule }] }

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { parseQuantity } from '../base/quantity.ts';
import { isDns1123Subdomain, isLabelValue, isQualifiedName } from '../base/names.ts';
import type { NodeSpec } from '../node/node-object.ts';
import { UserError } from './errors.ts';
import { nearest } from './suggest.ts';

const fields = [
  'name',
  'count',
  'zone',
  'region',
  'cpu',
  'memory',
  'pods',
  'labels',
  'taints',
  'annotations',
  'staticPods',
] as const;
const mostNodes = 10_000;

export interface NodeGroup {
  readonly name?: string;
  readonly count: number;
  readonly spec: Omit<NodeSpec, 'name'>;
}

/** @throws UserError with the file, the place in it and what to write instead */
export function readWorld(file: string): readonly NodeGroup[] {
  const document = parse(file);
  const top = asRecord(file, '', document);
  for (const key of Object.keys(top))
    if (!['nodes', 'apiVersion', 'kind'].includes(key))
      throw fault(file, key, `there is no field ${key}; a world has nodes`);
  if (!Array.isArray(top.nodes) || top.nodes.length === 0)
    throw fault(file, 'nodes', 'write a list of node groups, such as - { count: 3, zone: a }');
  const groups = top.nodes.map((group, at) => groupOf(file, `nodes[${at}]`, group));
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  if (total > mostNodes) throw fault(file, 'nodes', `${total} nodes are more than the ${mostNodes} there may be`);
  const seen = new Set<string>();
  for (const { name } of nodesOfWorld(groups)) {
    if (seen.has(name)) throw fault(file, 'nodes', `two nodes would be called ${name}; names must differ`);
    seen.add(name);
  }
  return groups;
}

export function nodesOfWorld(groups: readonly NodeGroup[]): readonly NodeSpec[] {
  let serial = 0;
  return groups.flatMap(({ name, count, spec }) =>
    Array.from({ length: count }, (_, at) => ({
      ...spec,
      name: name === undefined ? `n${++serial}` : count === 1 ? name : `${name}-${at + 1}`,
    })),
  );
}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  try {
    return load(text);
  } catch (error) {
    throw new UserError(`${file} is not valid YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

function groupOf(file: string, at: string, value: unknown): NodeGroup {
  const group = asRecord(file, at, value);
  for (const key of Object.keys(group)) {
    if ((fields as readonly string[]).includes(key)) continue;
    const near = nearest(key, fields);
    throw fault(
      file,
      `${at}.${key}`,
      `there is no field ${key}${near ? `; did you mean ${near}?` : `; a group has ${fields.join(', ')}`}`,
    );
  }
  const { name, count = 1, labels, taints, annotations, staticPods, ...rest } = group;
  if (name !== undefined && (typeof name !== 'string' || isDns1123Subdomain(name).length > 0))
    throw fault(file, `${at}.name`, `${JSON.stringify(name)} is no name for a node`);
  if (!Number.isInteger(count) || (count as number) < 1)
    throw fault(file, `${at}.count`, `${JSON.stringify(count)} is no whole number from 1`);
  const spec: Record<string, unknown> = {};
  for (const key of ['zone', 'region', 'cpu', 'memory', 'pods'] as const) {
    if (rest[key] !== undefined) spec[key] = scalarOf(file, `${at}.${key}`, key, rest[key]);
  }
  if (labels !== undefined) spec.labels = labelsOf(file, `${at}.labels`, labels);
  if (taints !== undefined) spec.taints = taintsOf(file, `${at}.taints`, taints);
  if (annotations !== undefined) spec.annotations = annotationsOf(file, `${at}.annotations`, annotations);
  if (staticPods !== undefined) spec.staticPods = staticPodsOf(file, `${at}.staticPods`, staticPods);
  return {
    ...(name !== undefined && { name: name as string }),
    count: count as number,
    spec: spec as Omit<NodeSpec, 'name'>,
  };
}

function scalarOf(file: string, at: string, key: string, value: unknown): unknown {
  if (key === 'pods') {
    if (Number.isInteger(value) && (value as number) > 0) return value;
    throw fault(file, at, `${JSON.stringify(value)} is no whole number from 1`);
  }
  if (key === 'cpu' || key === 'memory') {
    try {
      const quantity = parseQuantity(String(value));
      if (quantity.nanos > 0n) return quantity.text;
    } catch {
      // Said below.
    }
    throw fault(
      file,
      at,
      `${JSON.stringify(value)} is no quantity above 0; write for example ${key === 'cpu' ? '8 or 500m' : '32Gi'}`,
    );
  }
  if (typeof value === 'string' && value !== '' && isLabelValue(value).length === 0) return value;
  throw fault(file, at, `${JSON.stringify(value)} is no name for a ${key}; write for example eu-west-1`);
}

function labelsOf(file: string, at: string, value: unknown): Record<string, unknown> {
  const labels = asRecord(file, at, value);
  for (const [key, text] of Object.entries(labels)) {
    if (isQualifiedName(key).length > 0) throw fault(file, at, `${JSON.stringify(key)} is no name for a label`);
    if (typeof text !== 'string')
      throw fault(file, `${at}.${key}`, `${JSON.stringify(text)} is not text; put it in quotes`);
    if (isLabelValue(text).length > 0)
      throw fault(file, `${at}.${key}`, `${JSON.stringify(text)} is no value for a label`);
  }
  return labels;
}

function annotationsOf(file: string, at: string, value: unknown): Record<string, unknown> {
  const annotations = asRecord(file, at, value);
  for (const [key, text] of Object.entries(annotations)) {
    if (isQualifiedName(key).length > 0) throw fault(file, at, `${JSON.stringify(key)} is no name for an annotation`);
    if (typeof text !== 'string')
      throw fault(file, `${at}.${key}`, `${JSON.stringify(text)} is not text; put it in quotes`);
  }
  return annotations;
}

function staticPodsOf(file: string, at: string, value: unknown): unknown {
  if (!Array.isArray(value)) throw fault(file, at, 'write a list of Pod manifests');
  return value.map((each, index) => {
    const place = `${at}[${index}]`;
    const { metadata, spec } = asRecord(file, place, each);
    const { name } = asRecord(file, `${place}.metadata`, metadata);
    if (typeof name !== 'string' || isDns1123Subdomain(name).length > 0)
      throw fault(file, `${place}.metadata.name`, `${JSON.stringify(name)} is no name for a pod`);
    return { metadata, spec: asRecord(file, `${place}.spec`, spec) };
  });
}

function taintsOf(file: string, at: string, value: unknown): unknown {
  if (!Array.isArray(value)) throw fault(file, at, 'write a list, such as - { key: gpu, effect: NoSchedule }');
  return value.map((each, index) => {
    const taint = asRecord(file, `${at}[${index}]`, each);
    const { key, effect } = taint;
    if (typeof key !== 'string' || !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(String(effect))) {
      throw fault(
        file,
        `${at}[${index}]`,
        'a taint has a key and an effect: NoSchedule, PreferNoSchedule or NoExecute',
      );
    }
    return taint;
  });
}

function asRecord(file: string, at: string, value: unknown): Record<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fault(file, at || 'the file', 'fields are expected here, such as nodes:');
}

const fault = (file: string, at: string, what: string): UserError => new UserError(`${file}, ${at}: ${what}`);
