// EndpointSlice: some of the addresses behind a service, and the ports they answer at.

import { deepEqual, semanticEqual } from '../../base/equal.ts';
import { parseIp } from '../../base/ip.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isLabelValue, isQualifiedName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required, tooMany } from '../../api/issues.ts';
import { addressWarnings, specialAddressIssues } from '../addresses.ts';
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
  validate: (slice) => sliceIssues(slice),
  validateUpdate: (next, previous) => [
    ...sliceIssues(next, previous),
    ...(deepEqual(next.addressType, previous.addressType) ? [] : [immutable('addressType', next.addressType)]),
  ],
  warnings: ({ metadata, addressType, endpoints }, previous) => [
    ...(addressType === 'FQDN' && !previous ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...(controllers.includes(metadata.labels?.[managedBy] ?? '')
      ? []
      : (endpoints ?? []).flatMap(({ addresses }, i) =>
          (addresses ?? []).flatMap((address, j) => addressWarnings(`endpoints[${i}].addresses[${j}]`, address)),
        )),
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

/** Those who write addresses as they should be. */
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const controllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

const mostShown = 3;

function listCell(items: readonly string[]): string {
  if (items.length === 0) return '<unset>';
  const shown = items.slice(0, mostShown).join(',');
  return items.length > mostShown ? `${shown} + ${items.length - mostShown} more...` : shown;
}

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const limits = { endpoints: 1000, addresses: 100, ports: 20_000, topology: 16, hints: 8 };

/** Endpoints are let be as they are: older versions took other ones. */
function sliceIssues({ addressType, endpoints, ports }: EndpointSlice, previous?: EndpointSlice): Issue[] {
  const issues: Issue[] = [];
  if (!addressType) issues.push(required('addressType'));
  else if (!addressTypes.includes(addressType)) {
    issues.push(notSupported('addressType', addressType, addressTypes));
  }
  issues.push(...portsIssues(ports ?? []));
  if (previous && semanticEqual(endpoints, previous.endpoints)) return issues;
  const count = (endpoints ?? []).length;
  if (count > limits.endpoints) return [...issues, tooMany('endpoints', count, limits.endpoints)];
  (endpoints ?? []).forEach((endpoint, i) => issues.push(...endpointIssues(endpoint, addressType, `endpoints[${i}]`)));
  return issues;
}

function endpointIssues(endpoint: Endpoint, type: string, field: string): Issue[] {
  const addresses = endpoint.addresses ?? [];
  const issues: Issue[] = [];
  if (addresses.length === 0) issues.push(required(`${field}.addresses`, 'must contain at least 1 address'));
  if (addresses.length > limits.addresses) {
    issues.push(tooMany(`${field}.addresses`, addresses.length, limits.addresses));
  }
  addresses.forEach((address, i) => issues.push(...addressIssues(address, type, `${field}.addresses`, i)));
  if (endpoint.nodeName !== undefined) {
    issues.push(...complain(`${field}.nodeName`, endpoint.nodeName, isDns1123Subdomain));
  }
  const labels = Object.keys(endpoint.deprecatedTopology ?? {}).length;
  if (labels > limits.topology) issues.push(tooMany(`${field}.deprecatedTopology`, labels, limits.topology));
  issues.push(...labelIssues(endpoint.deprecatedTopology, `${field}.deprecatedTopology`));
  if (endpoint.hostname !== undefined) {
    issues.push(...complain(`${field}.hostname`, endpoint.hostname, isDns1123Label));
  }
  return [...issues, ...hintIssues(endpoint.hints, `${field}.hints`)];
}

/** Of an address of the other family the whole list is told. */
function addressIssues(address: string, type: string, list: string, i: number): Issue[] {
  const field = `${list}[${i}]`;
  if (type === 'FQDN') return domainIssues(address, field);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const issues = complain(field, address, isIp);
  if (issues.length > 0) return issues;
  const family = parseIp(address)?.family === 4 ? 'IPv4' : 'IPv6';
  return [
    ...(family === type ? [] : [invalid(list, address, `must be an ${type} address`)]),
    ...specialAddressIssues(address, field),
  ];
}

/** A name of several labels; a dot may end it. */
function domainIssues(name: string, field: string): Issue[] {
  if (!name) return [required(field)];
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const wrong = isDns1123Subdomain(bare);
  if (wrong.length > 0) return [invalid(field, bare, wrong.join(','))];
  const labels = bare.split('.');
  if (labels.length < 2) {
    return [invalid(field, bare, 'should be a domain with at least two segments separated by dots')];
  }
  const bad = labels.find((label) => isDns1123Label(label).length > 0);
  return bad === undefined ? [] : [invalid(field, bad, isDns1123Label(bad).join(','))];
}

function hintIssues(hints: Endpoint['hints'], field: string): Issue[] {
  const issues: Issue[] = [];
  for (const [sort, check] of [
    ['forZones', isLabelValue],
    ['forNodes', isDns1123Subdomain],
  ] as const) {
    const names = (hints?.[sort] ?? []).map(({ name }) => name);
    if (names.length > limits.hints) return [...issues, tooMany(`${field}.${sort}`, names.length, limits.hints)];
    names.forEach((name, i) => {
      const place = `${field}.${sort}[${i}].name`;
      if (names.indexOf(name) < i) issues.push(duplicate(place, name));
      issues.push(...complain(place, name, check));
    });
  }
  return issues;
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
