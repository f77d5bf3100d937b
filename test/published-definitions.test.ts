// Definitions that well-known projects publish are accepted and established, and a sample of each kind comes back as it was sent. They are not
// part of this repository: PORTOLAN_CRDS names the folder that holds them, and without it vitest.config.ts leaves this file out.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../src/kinds/apiextensions/custom-resource-definition.ts';
import { type Answer, bareServer, type BareServer } from './support/bare-server.ts';
import { type JsonSchema, minimalSample } from './support/minimal-sample.ts';

const definitionPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const folder = process.env.PORTOLAN_CRDS ?? '';

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name));
const definitions = files
  .flatMap((file) => loadAll(readFileSync(join(folder, file), 'utf8')) as (CustomResourceDefinition | null)[])
  .filter((document): document is CustomResourceDefinition => document?.kind === 'CustomResourceDefinition');

/** Specs of kinds whose rules in CEL ask for more than their schemas require. */
const reachable = { rules: [{ backendRefs: [{ name: 'a', port: 80 }] }] };
const besides: Readonly<Record<string, object>> = {
  BackendTLSPolicy: {
    targetRefs: [{ group: '', kind: 'Service', name: 'a' }],
    validation: { hostname: 'a', wellKnownCACertificates: 'System' },
  },
  TCPRoute: reachable,
  TLSRoute: { ...reachable, hostnames: ['a.example.com'] },
  UDPRoute: reachable,
  TrafficExtension: { lua: { inlineCode: 'x' } },
  WorkloadEntry: { address: '192.0.2.1' },
  XBackend: { externalHostname: { hostname: 'example.com' } },
};

/** The body of an answer that succeeds; what refuses is told in its own words. */
function accepted({ status, body }: Answer): unknown {
  if (status >= 400) throw new Error(`${status}: ${(body as { message?: string }).message}`);
  return body;
}

async function establish({ ask }: BareServer, definition: CustomResourceDefinition): Promise<void> {
  accepted(await ask('POST', `${definitionPath}?fieldValidation=Strict`, definition));
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await ask('GET', `${definitionPath}/${definition.metadata.name}`);
    const conditions = (body as CustomResourceDefinition).status?.conditions ?? [];
    const holds = (wanted: string) => conditions.some(({ type, status }) => type === wanted && status === 'True');
    expect(conditions.filter(({ type, status }) => type === 'NonStructuralSchema' && status === 'True')).toEqual([]);
    if (holds('Established') && holds('NamesAccepted')) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${definition.metadata.name} was never established`);
}

function sampleOf({ spec }: CustomResourceDefinition, version: string): object {
  const schema = spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema as JsonSchema;
  const { spec: wanted } = schema.properties ?? {};
  const { metadata: _, ...required } = minimalSample(schema) as Record<string, unknown>;
  return {
    ...required,
    ...(wanted && { spec: { ...(minimalSample(wanted) as object), ...besides[spec.names.kind] } }),
    apiVersion: `${spec.group}/${version}`,
    kind: spec.names.kind,
    metadata: { name: 'a' },
  };
}

test.each(definitions.map((definition) => ({ definition, name: definition.metadata.name })))(
  '$name is established, and objects of its versions come back',
  async ({ definition }) => {
    const server = await bareServer({ definitions: true });
    await establish(server, definition);
    const { group, names, scope, versions } = definition.spec;
    for (const { name: version, served } of versions) {
      if (!served) continue;
      const root = `/apis/${group}/${version}`;
      const collection = scope === 'Cluster' ? `${root}/${names.plural}` : `${root}/namespaces/default/${names.plural}`;
      const sample = sampleOf(definition, version);
      expect(accepted(await server.ask('POST', `${collection}?fieldValidation=Strict`, sample))).toMatchObject(sample);
      const found = accepted(await server.ask('GET', `${collection}/a`)) as object;
      expect(found).toMatchObject(sample);
      // What was read is written back without any change.
      expect(accepted(await server.ask('PUT', `${collection}/a?fieldValidation=Strict`, found))).toEqual(found);
      const apply = { 'content-type': 'application/apply-patch+yaml' };
      const applied = await server.ask('PATCH', `${collection}/a?fieldManager=m&force=true`, sample, apply);
      expect(accepted(applied)).toMatchObject(sample);
      accepted(await server.ask('DELETE', `${collection}/a`));
    }
  },
);
