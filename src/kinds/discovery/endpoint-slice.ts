// EndpointSlice: some of the addresses behind a service, and the ports they answer at.

import { deepEqual, semanticEqual } from '../../base/equal.ts';
import { parseIp } from '../../base/ip.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isLabelValue, isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, forbiddenField, invalid, notSupported, required, tooMany } from '../../api/issues.ts';
import { specialAddressIssues } from '../addresses.ts';
import { complain, immutable, labelIssues } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { Endpoint, EndpointPort, EndpointSlice as Shape } from '../generated/types/discovery-v1.ts';

export type EndpointSlice = Shape;

const field = (name: string) => ({ type: 'io.k8s.api.discovery.v1.EndpointSlice', field: name });

export const EndpointSlice = defineKind<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', {
  generation: (next, previous) => {
    const {
      metadata: { labels },
      ...content
    } = next;
    const {
      metadata: { labels: before },
      ...old
    } = previous;
    return !semanticEqual(labels, before) || !semanticEqual(content, old);
  },
  applyDefaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: sliceIssues,
  validateUpdate: (next, previous) => [
    ...sliceIssues(next),
    ...(deepEqual(next.addressType, previous.addressType) ? [] : [immutable('addressType', next.addressType)]),
  ],
  columns: [
    nameColumn,
    textColumn('AddressType', field('addressType'), ({ addressType }) => addressType),
    textColumn('Ports', field('ports'), ({ ports }) =>
      listCell((ports ?? []).map(({ port }) => (port === undefined ? '*' : String(port)))),
    ),
    textColumn('Endpoints', field('endpoints'), ({ endpoints }) =>
      listCell((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    ),
    ageColumn,
  ],
});

const mostShown = 3;

function listCell(items: readonly string[]): string {
  if (items.length === 0) return '<unset>';
  const shown = items.slice(0, mostShown).join(',');
  return items.length > mostShown ? `${shown} + ${items.length - mostShown} more...` : shown;
}

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const limits = { endpoints: 1000, addresses: 100, ports: 20_000, zones: 8 };

function sliceIssues({ addressType, endpoints, ports }: EndpointSlice): Issue[] {
  const issues: Issue[] = [];
  if (!addressType) issues.push(required('addressType'));
  else if (!addressTypes.includes(addressType)) {
    issues.push(notSupported('addressType', addressType, addressTypes));
  }
  const count = (endpoints ?? []).length;
  if (count > limits.endpoints) issues.push(tooMany('endpoints', count, limits.endpoints));
  else {
    (endpoints ?? []).forEach((endpoint, i) =>
      issues.push(...endpointIssues(endpoint, addressType, `endpoints[${i}]`)),
    );
  }
  return [...issues, ...portsIssues(ports ?? [])];
}

const hostnameLabel = 'kubernetes.io/hostname';

function endpointIssues(endpoint: Endpoint, type: string, field: string): Issue[] {
  const addresses = endpoint.addresses ?? [];
  const issues: Issue[] = [];
  if (addresses.length === 0) issues.push(required(`${field}.addresses`, 'must contain at least 1 address'));
  if (addresses.length > limits.addresses) {
    issues.push(tooMany(`${field}.addresses`, addresses.length, limits.addresses));
  }
  addresses.forEach((address, i) => issues.push(...addressIssues(address, type, `${field}.addresses[${i}]`)));
  if (endpoint.nodeName !== undefined) {
    issues.push(...complain(`${field}.nodeName`, endpoint.nodeName, isDns1123Subdomain));
  }
  issues.push(...labelIssues(endpoint.deprecatedTopology, `${field}.deprecatedTopology`));
  if (endpoint.deprecatedTopology?.[hostnameLabel] !== undefined) {
    const place = `${field}.deprecatedTopology[${hostnameLabel}]`;
    issues.push(forbiddenField(place, 'may not set topology hostname key, use nodeName instead'));
  }
  if (endpoint.hostname !== undefined) {
    issues.push(...complain(`${field}.hostname`, endpoint.hostname, isDns1123Label));
  }
  return [...issues, ...hintIssues(endpoint.hints, `${field}.hints`)];
}

function addressIssues(address: string, type: string, field: string): Issue[] {
  if (type === 'FQDN') return complain(field, address, isFullyQualified);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const issues = complain(field, address, isIp);
  if (issues.length > 0) return issues;
  const family = parseIp(address)?.family === 4 ? 'IPv4' : 'IPv6';
  return [
    ...(family === type ? [] : [invalid(field, address, `must be an ${type} address`)]),
    ...specialAddressIssues(address, field),
  ];
}

/** A name of several labels; a dot may end it. */
function isFullyQualified(name: string): string[] {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare.split('.').length < 2) return ['should be a domain with at least two segments separated by dots'];
  return isDns1123Subdomain(bare);
}

function hintIssues(hints: Endpoint['hints'], field: string): Issue[] {
  return (['forZones', 'forNodes'] as const).flatMap((sort) => {
    const places = hints?.[sort] ?? [];
    if (places.length > limits.zones) return [tooMany(`${field}.${sort}`, places.length, limits.zones)];
    const names = places.map(({ name }) => name);
    return names.flatMap((name, i) => [
      ...(names.indexOf(name) < i ? [duplicate(`${field}.${sort}[${i}].name`, name)] : []),
      ...complain(`${field}.${sort}[${i}].name`, name, isLabelValue),
    ]);
  });
}

const protocols = ['SCTP', 'TCP', 'UDP'];

function portsIssues(ports: readonly EndpointPort[]): Issue[] {
  if (ports.length > limits.ports) return [tooMany('ports', ports.length, limits.ports)];
  const names = ports.map(({ name = '' }) => name);
  return ports.flatMap(({ protocol, appProtocol }, i) => {
    const [field, name] = [`ports[${i}]`, names[i] ?? ''];
    const issues = name ? complain(`${field}.name`, name, isDns1123Label) : [];
    if (names.indexOf(name) < i) issues.push(duplicate(`${field}.name`, name));
    if (protocol === undefined) issues.push(required(`${field}.protocol`));
    else if (!protocols.includes(protocol)) issues.push(notSupported(`${field}.protocol`, protocol, protocols));
    if (appProtocol !== undefined) issues.push(...complain(`${field}.appProtocol`, appProtocol, isQualifiedName));
    return issues;
  });
}
