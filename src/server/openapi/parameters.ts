// The parameters of operations, each described once. Version 2 of OpenAPI shares them by the names published for Kubernetes.

import type { ObjectSchema, Schema } from '../../api/schema.ts';
import type { Describe } from '../../kinds/descriptions.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'boolean' | 'integer';
  /** Under which name version 2 shares it. */
  readonly shared?: string;
  /** The text itself, or where it is found. */
  readonly text: string | { readonly type: string; readonly field: string };
}

const query = (name: string, type: Parameter['type'], shared?: string, field = name): Parameter => ({
  name,
  in: 'query',
  type,
  ...(shared && { shared: `${name}-${shared}` }),
  text: { type: 'parameters', field },
});

export const pretty = query('pretty', 'string', 'tJGM1-ng');
export const force = query('force', 'boolean', 'tOGGb0Yi');
export const dryRun = query('dryRun', 'string');
export const fieldValidation = query('fieldValidation', 'string');
export const fieldManager = query('fieldManager', 'string', 'Qy4HdaTW');
/** Required for apply, which the text says. */
export const patchFieldManager = query('fieldManager', 'string', '7c6nTn1T', 'fieldManager of patches');

export const namespaceParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  shared: 'namespace-vgWSWtn3',
  text: 'object name and auth scope, such as for teams and projects',
};

export const nameParameter = (kind: string): Parameter => ({
  name: 'name',
  in: 'path',
  type: 'string',
  text: `name of the ${kind}`,
});

export const restOfPath: Parameter = {
  name: 'path',
  in: 'path',
  type: 'string',
  shared: 'path-z6Ciiujn',
  text: 'path to the resource',
};

export const listParameters: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'HC2hJt-J'),
  query('continue', 'string', 'QfD61s0i'),
  query('fieldSelector', 'string', 'xIcQKXFG'),
  query('labelSelector', 'string', '5Zw57w4C'),
  query('limit', 'integer', '1NfNmdNH'),
  query('resourceVersion', 'string', '5WAnf1kx'),
  query('resourceVersionMatch', 'string', 't8XhRHeC'),
  query('sendInitialEvents', 'boolean', 'rLXlEK_k'),
  query('shardSelector', 'string', 'Kgyki_3_'),
  query('timeoutSeconds', 'integer', 'yvYezaOC'),
  query('watch', 'boolean', 'XNNPZGbK'),
];

export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', '-K5HaBOS'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean', 'QbNkfIqj'),
  query('orphanDependents', 'boolean', 'uRB25kX5'),
  query('propagationPolicy', 'string', '6jk3prlO'),
];

/** Of a collection: what names the objects, and what is done to them. */
export const deleteCollectionParameters: readonly Parameter[] = [
  ...listParameters.filter(({ name }) => name !== 'allowWatchBookmarks' && name !== 'watch'),
  ...deleteParameters,
];

/** The published names of options' fields, by kind. */
const optionNames: Readonly<Record<string, string>> = {
  PodLogOptions:
    'container-1GeXxFDC follow-9OIXh_2R insecureSkipTLSVerifyBackend-gM00jVbe limitBytes-zwd1RXuc previous-1jxDPu3y sinceSeconds-vE2NLdnP stream-l-48cgXv tailLines-9xQLWHMV timestamps-c17fW1w_',
  PodExecOptions: 'command-Py3eQybp container-i5dOmRiM stderr-W_1TNlWc stdin-PSzNhyUC stdout--EZLRwV1 tty-s0flW37O',
  PodAttachOptions: 'container-_Q-EJ3nR stderr-26jJhFUR stdin-sEFnN3IS stdout-005YMKE6 tty-g7MlET_l',
  PodPortForwardOptions: 'ports-91KROJmm',
  PodProxyOptions: 'path-oPbzgLUj',
  NodeProxyOptions: 'path-rFDtV0x9',
  ServiceProxyOptions: 'path-QCf0eosM',
};

/** The fields of an options kind (PodLogOptions …), which requests give as a query. */
export function optionParameters(kind: string, schema: ObjectSchema): Parameter[] {
  const names = optionNames[kind]?.split(' ') ?? [];
  return names.flatMap((shared) => {
    const field = [...schema.fields.values()].find((f) => shared.startsWith(`${f.name}-`));
    if (!field) return [];
    return [
      {
        name: field.name,
        in: 'query',
        type: queryType(field.schema),
        shared,
        text: { type: schema.name ?? '', field: field.name },
      },
    ];
  });
}

function queryType(schema: Schema): Parameter['type'] {
  if (schema.type === 'list') return queryType(schema.items);
  if (schema.type === 'boolean') return 'boolean';
  return schema.type === 'int32' || schema.type === 'int64' ? 'integer' : 'string';
}

export const textOfParameter = ({ text }: Parameter, describe: Describe): string =>
  typeof text === 'string' ? text : describe(text.type, text.field);

export const byName = (a: Parameter, b: Parameter): number => {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.in < b.in ? -1 : a.in > b.in ? 1 : 0;
};
