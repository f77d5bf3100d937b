// NetworkPolicy: who may talk to the selected pods, and to whom they may talk.

import { cidrContains, parseCidr } from '../../base/ip.ts';
import { isCidr, isPortName, isPortNumber } from '../../base/names.ts';
import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { cidrWarnings } from '../addresses.ts';
import { complain, labelSelectorIssues, notListed } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
  NetworkPolicy as Shape,
} from '../generated/types/networking-v1.ts';
import { selectorCell } from '../workloads.ts';

export type NetworkPolicy = Shape;

const selectorText = [
  'podSelector selects the pods to which this NetworkPolicy object applies.',
  'The array of rules is applied to any pods selected by this field.',
  "An empty selector matches all pods in the policy's namespace.",
  'Multiple network policies can select the same set of pods.',
  'In this case, the ingress rules for each are combined additively.',
  'This field is optional. If it is not specified, it defaults to an empty selector.',
].join(' ');

export const NetworkPolicy = defineKind<NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy', {
  generation: 'spec',
  applyDefaults,
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }) => specIssues(spec),
  warnings: ({ spec: { ingress = [], egress = [] } }) => [
    ...ingress.flatMap(({ from }, i) => peerWarnings(from ?? [], `spec.ingress[${i}].from`)),
    ...egress.flatMap(({ to }, i) => peerWarnings(to ?? [], `spec.egress[${i}].to`)),
  ],
  columns: [
    nameColumn,
    textColumn('Pod-Selector', selectorText, ({ spec }) => selectorCell(spec.podSelector ?? {})),
    ageColumn,
  ],
});

const peerWarnings = (peers: readonly NetworkPolicyPeer[], field: string): string[] =>
  peers.flatMap(({ ipBlock }, i) => {
    if (!ipBlock) return [];
    const place = `${field}[${i}].ipBlock`;
    const { cidr, except = [] } = ipBlock;
    return [
      ...cidrWarnings(`${place}.cidr`, cidr),
      ...except.flatMap((each, j) => cidrWarnings(`${place}.except[${j}]`, each)),
    ];
  });

function applyDefaults(policy: NetworkPolicy): void {
  const spec = (policy.spec ??= { podSelector: {} });
  spec.podSelector ??= {};
  for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of ports ?? []) port.protocol ??= 'TCP';
  }
  if ((spec.policyTypes ?? []).length > 0) return;
  spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

const policyTypes = ['Ingress', 'Egress'];

function specIssues(spec: NetworkPolicySpec): Issue[] {
  const issues = labelSelectorIssues(spec.podSelector, 'spec.podSelector');
  (spec.ingress ?? []).forEach(({ ports, from }, i) =>
    issues.push(...ruleIssues(ports, from, `spec.ingress[${i}]`, 'from')),
  );
  (spec.egress ?? []).forEach(({ ports, to }, i) => issues.push(...ruleIssues(ports, to, `spec.egress[${i}]`, 'to')));
  const types = spec.policyTypes ?? [];
  if (types.length > policyTypes.length) {
    return [...issues, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  types.forEach((type, i) => {
    if (!policyTypes.includes(type)) issues.push(notListed(`spec.policyTypes[${i}]`, type, policyTypes));
  });
  return issues;
}

function ruleIssues(
  ports: readonly NetworkPolicyPort[] | undefined,
  peers: readonly NetworkPolicyPeer[] | undefined,
  field: string,
  direction: 'from' | 'to',
): Issue[] {
  return [
    ...(ports ?? []).flatMap((port, i) => portIssues(port, `${field}.ports[${i}]`)),
    ...(peers ?? []).flatMap((peer, i) => peerIssues(peer, `${field}.${direction}[${i}]`)),
  ];
}

const protocols = ['TCP', 'UDP', 'SCTP'];

function portIssues({ protocol, port, endPort }: NetworkPolicyPort, field: string): Issue[] {
  const issues: Issue[] = [];
  if (protocol !== undefined && !protocols.includes(protocol)) {
    issues.push(notListed(`${field}.protocol`, protocol, protocols));
  }
  const end = (rule: string, shown = endPort) => issues.push(invalid(`${field}.endPort`, shown, rule));
  if (port === undefined) {
    if (endPort !== undefined) end('may not be specified when `port` is not specified');
    return issues;
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) end('may not be specified when `port` is non-numeric');
    return [...issues, ...complain(`${field}.port`, port, isPortName)];
  }
  issues.push(...complain(`${field}.port`, port, isPortNumber));
  if (endPort === undefined) return issues;
  if (endPort < port) end('must be greater than or equal to `port`', port);
  return [...issues, ...complain(`${field}.endPort`, endPort, isPortNumber)];
}

function peerIssues({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, field: string): Issue[] {
  const issues = [
    ...labelSelectorIssues(podSelector, `${field}.podSelector`),
    ...labelSelectorIssues(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock ? blockIssues(ipBlock, `${field}.ipBlock`) : []),
  ];
  const given = [podSelector, namespaceSelector, ipBlock].filter(Boolean).length;
  if (given === 0) issues.push(required(field, 'must specify a peer'));
  if (given > 1 && ipBlock) issues.push(forbiddenField(field, 'may not specify both ipBlock and another peer'));
  return issues;
}

function blockIssues({ cidr, except }: IPBlock, field: string): Issue[] {
  if (!cidr) return [required(`${field}.cidr`)];
  const issues = complain(`${field}.cidr`, cidr, isCidr);
  const whole = parseCidr(cidr);
  if (!whole) return issues;
  (except ?? []).forEach((text, i) => {
    const place = `${field}.except[${i}]`;
    issues.push(...complain(place, text, isCidr));
    const part = parseCidr(text);
    if (part && (!cidrContains(whole, part.ip) || whole.length >= part.length)) {
      issues.push(invalid(place, text, 'must be a strict subset of `cidr`'));
    }
  });
  return issues;
}
