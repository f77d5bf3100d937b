// Endpoints: the addresses behind a service, as EndpointSlices say them today.

import { type Issue, required } from '../../api/issues.ts';
import { semanticEqual } from '../../base/equal.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isPortNumber, isQualifiedName } from '../../base/names.ts';
import { addressWarnings, specialAddressIssues } from '../addresses.ts';
import { choiceIssues, complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints as Shape } from '../generated/types/core-v1.ts';

export type Endpoints = Shape;

export const Endpoints = defineKind<Endpoints>(
  'v1',
  'Endpoints',
  {
    createOnUpdate: true,
    applyDefaults(endpoints) {
      for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
    },
    validate: subsetsIssues,
    validateUpdate: (next, previous) => (semanticEqual(next.subsets, previous.subsets) ? [] : subsetsIssues(next)),
    warnings: ({ metadata, subsets = [] }) =>
      metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
        ? []
        : subsets.flatMap((subset, i) =>
            (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
              (subset[list] ?? []).flatMap(({ ip }, j) => addressWarnings(`subsets[${i}].${list}[${j}].ip`, ip)),
            ),
          ),
    columns: [
      nameColumn,
      textColumn('Endpoints', { type: 'io.k8s.api.core.v1.Endpoints', field: 'subsets' }, ({ subsets }) =>
        addressesText(subsets ?? []),
      ),
      ageColumn,
    ],
  },
  {
    conversions: { v1: { deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice' } },
  },
);

function subsetsIssues({ subsets }: Endpoints): Issue[] {
  return (subsets ?? []).flatMap((subset, i) => {
    const field = `subsets[${i}]`;
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    const none = addresses.length === 0 && notReadyAddresses.length === 0;
    return [
      ...(none ? [required(field, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...addresses.flatMap((address, k) => addressIssues(address, `${field}.addresses[${k}]`)),
      ...notReadyAddresses.flatMap((address, k) => addressIssues(address, `${field}.notReadyAddresses[${k}]`)),
      ...ports.flatMap((port, k) => portIssues(port, `${field}.ports[${k}]`, ports.length > 1)),
    ];
  });
}

function addressIssues({ ip, hostname, nodeName }: EndpointAddress, field: string): Issue[] {
  return [
    ...complain(`${field}.ip`, ip, isIp),
    ...(hostname ? complain(`${field}.hostname`, hostname, isDns1123Label) : []),
    ...(nodeName === undefined ? [] : complain(`${field}.nodeName`, nodeName, isDns1123Subdomain)),
    ...specialAddressIssues(ip, `${field}.ip`),
  ];
}

function portIssues(
  { name = '', port, protocol, appProtocol }: EndpointPort,
  field: string,
  oneOfMany: boolean,
): Issue[] {
  const issues = name ? complain(`${field}.name`, name, isDns1123Label) : [];
  if (!name && oneOfMany) issues.push(required(`${field}.name`));
  issues.push(...complain(`${field}.port`, port, isPortNumber));
  issues.push(...choiceIssues(protocol, `${field}.protocol`, ['SCTP', 'TCP', 'UDP']));
  if (appProtocol !== undefined) issues.push(...complain(`${field}.appProtocol`, appProtocol, isQualifiedName));
  return issues;
}

const shown = 3;

/** The first three addresses with their ports, and how many more there are. */
function addressesText(subsets: readonly EndpointSubset[]): string {
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const text = all.slice(0, shown).join(',');
  return all.length > shown ? `${text} + ${all.length - shown} more...` : text;
}
