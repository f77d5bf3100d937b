// LimitRanger: pods and claims stay within what a namespace's limit ranges say, and containers that say nothing get their defaults.

import { compareQuantities, isZeroQuantity, type Quantity } from '../../base/quantity.ts';
import type { KubeObject } from '../../api/object.ts';
import { forbidden } from '../../api/status.ts';
import { LimitRange } from '../../kinds/core/limit-range.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Container, LimitRangeItem } from '../../kinds/generated/types/core-v1.ts';
import type { Draft } from '../draft.ts';
import { type Amounts, amountsOf, namesOf } from './amounts.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import { containerTotals } from './pod-amounts.ts';

const annotation = 'kubernetes.io/limit-ranger';

export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  handles({ operation, kind, subresource }) {
    if (kind.group !== '' || operation === 'DELETE') return false;
    if (kind.plural === 'persistentvolumeclaims') return subresource === '';
    return kind.plural === 'pods' && subresource === (operation === 'CREATE' ? '' : 'resize');
  },

  async mutate(attributes, world) {
    if (attributes.kind.plural !== 'pods') return;
    for (const { spec } of await rangesFor(attributes, world))
      fillIn(attributes.object as Draft & Pod, spec?.limits ?? []);
  },

  async validate(attributes, world) {
    const { kind, object, old, name } = attributes;
    if (old?.metadata.deletionTimestamp !== undefined) return;
    for (const { spec } of await rangesFor(attributes, world)) {
      const problems = (spec?.limits ?? []).flatMap((item) => problemsOf(kind.plural, object as KubeObject, item));
      if (problems.length === 0) continue;
      const said = [...new Set(problems)];
      const why = said.length === 1 ? said.join() : `[${said.join(', ')}]`;
      throw forbidden({ group: '', resource: kind.plural }, object?.metadata.name ?? name, why);
    }
  },
};

async function rangesFor({ namespace }: Attributes, world: AdmissionWorld): Promise<readonly LimitRange[]> {
  return (await world.mirror(LimitRange)).list(namespace);
}

/** Gives containers what they do not say themselves, and notes what that was. */
function fillIn(pod: Draft & Pod, limits: readonly LimitRangeItem[]): void {
  const items = limits.filter(({ type }) => type === 'Container');
  const defaults = {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as Record<string, string>,
    limits: Object.assign({}, ...items.map((item) => item.default)) as Record<string, string>,
  };
  const filled = [
    ...pod.spec.containers.flatMap((container) => fillContainer(container, 'container', defaults)),
    ...(pod.spec.initContainers ?? []).flatMap((container) => fillContainer(container, 'init container', defaults)),
  ];
  if (filled.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${filled.join('; ')}`,
  };
}

interface Defaults {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

function fillContainer(container: Container, what: string, defaults: Defaults): string[] {
  const resources = (container.resources ??= {});
  const filled = (['requests', 'limits'] as const).flatMap((which) => {
    const missing = Object.keys(defaults[which]).filter((name) => resources[which]?.[name] === undefined);
    if (missing.length === 0) return [];
    const added = Object.fromEntries(missing.map((name) => [name, defaults[which][name] ?? '']));
    resources[which] = { ...resources[which], ...added };
    return [`${missing.sort().join(', ')} ${which.slice(0, -1)} for ${what} ${container.name}`];
  });
  return filled;
}

/** What goes against one item of a limit range. */
function problemsOf(resource: string, object: KubeObject, item: LimitRangeItem): string[] {
  if (resource === 'persistentvolumeclaims') {
    return item.type === 'PersistentVolumeClaim' ? claimProblems(object as PersistentVolumeClaim, item) : [];
  }
  const pod = object as Pod;
  if (item.type === 'Pod') {
    return rangeProblems(item, { requests: containerTotals(pod, 'requests'), limits: containerTotals(pod, 'limits') });
  }
  if (item.type !== 'Container') return [];
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap(({ resources }) =>
    rangeProblems(item, { requests: amountsOf(resources?.requests), limits: amountsOf(resources?.limits) }),
  );
}

function claimProblems({ spec }: PersistentVolumeClaim, item: LimitRangeItem): string[] {
  const requests = amountsOf(spec?.resources?.requests);
  return [
    ...eachOf(item.min, (name, least) => tooLittle(item.type, name, { least, requests, limits: new Map() })),
    ...eachOf(item.max, (name, most) => {
      const head = `maximum ${name} usage per ${item.type} is ${most.text}`;
      const request = requests.get(name);
      if (!request) return [`${head}.  No request is specified`];
      return compareQuantities(request, most) > 0 ? [`${head}, but request is ${request.text}`] : [];
    }),
  ];
}

interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const rangeProblems = (item: LimitRangeItem, asked: Asked): string[] => [
  ...eachOf(item.min, (name, least) => tooLittle(item.type, name, { least, ...asked })),
  ...eachOf(item.max, (name, most) => tooMuch(item.type, name, { most, ...asked })),
  ...eachOf(item.maxLimitRequestRatio, (name, ratio) => tooFarApart(item.type, name, { ratio, ...asked })),
];

function eachOf(
  bounds: Readonly<Record<string, string>> | undefined,
  problems: (name: string, bound: Quantity) => string[],
): string[] {
  const amounts = amountsOf(bounds);
  return namesOf(amounts).flatMap((name) => problems(name, amounts.get(name) as Quantity));
}

function tooLittle(type: string, name: string, { least, requests, limits }: Asked & { least: Quantity }): string[] {
  const head = `minimum ${name} usage per ${type} is ${least.text}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request) return [`${head}.  No request is specified`];
  if (compareQuantities(request, least) < 0) return [`${head}, but request is ${request.text}`];
  return limit && compareQuantities(limit, least) < 0 ? [`${head}, but limit is ${limit.text}`] : [];
}

function tooMuch(type: string, name: string, { most, requests, limits }: Asked & { most: Quantity }): string[] {
  const head = `maximum ${name} usage per ${type} is ${most.text}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!limit) return [`${head}.  No limit is specified`];
  if (compareQuantities(limit, most) > 0) return [`${head}, but limit is ${limit.text}`];
  return request && compareQuantities(request, most) > 0 ? [`${head}, but request is ${request.text}`] : [];
}

function tooFarApart(type: string, name: string, { ratio, requests, limits }: Asked & { ratio: Quantity }): string[] {
  const head = `${name} max limit to request ratio per ${type} is ${ratio.text}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request || isZeroQuantity(request)) return [`${head}, but no request is specified or request is 0`];
  if (!limit || isZeroQuantity(limit)) return [`${head}, but no limit is specified or limit is 0`];
  const provided = Number(limit.nanos) / Number(request.nanos);
  return provided > Number(ratio.nanos) / 1e9 ? [`${head}, but provided ratio is ${provided.toFixed(6)}`] : [];
}
