// A number per node, added up per domain as far as somebody asks: each change costs a step, and asking again costs nothing.

import type { NodeInfo } from './node-info.ts';

/** Which nodes count. Scopes with equal keys include the same nodes. */
export interface Scope {
  readonly key: string;
  includes(node: NodeInfo): boolean;
}

/** What there is per value of a topology key. */
export interface Sums {
  readonly sum: number;
  get(value: string | undefined): number;
}

/** The same with the number of values. */
export interface Domains extends Sums {
  readonly size: number;
  /** The smallest sum, leaving out one domain if asked to; infinite when there is none. */
  least(leavingOut?: string): number;
}

export interface Tally {
  readonly total: number;
  on(node: NodeInfo): number;
  /** Where there is something. */
  sums(topologyKey: string): Sums;
  /** Every value that a node within the scope has, also those where there is nothing. */
  domains(topologyKey: string, scope: Scope): Domains;
  add(node: NodeInfo, by: number): void;
  /** What is known of a node is about to change, so that its domains may be others afterwards. */
  leave(node: NodeInfo): void;
  /** It has changed. */
  enter(node: NodeInfo): void;
}

/** So many ways of adding up are kept current; the oldest is forgotten first. */
const viewsKept = 16;

/** `nodes` gives those that exist, of which none may be on its way in or out. */
export function createTally(nodes: () => Iterable<NodeInfo>): Tally {
  const numbers = new Map<NodeInfo, number>();
  const views = new Map<string, View>();
  let total = 0;
  const on = (node: NodeInfo): number => numbers.get(node) ?? 0;

  function viewOf(topologyKey: string, scope?: Scope): View {
    const key = scope ? `${topologyKey}\n${scope.key}` : topologyKey;
    const known = views.get(key);
    if (known) return known;
    const view: View = { topologyKey, scope, domains: createDomains() };
    for (const node of scope ? nodes() : numbers.keys()) enterView(view, node, on(node));
    views.set(key, view);
    if (views.size > viewsKept) views.delete(views.keys().next().value ?? '');
    return view;
  }

  return {
    get total() {
      return total;
    },
    on,
    sums: (topologyKey) => viewOf(topologyKey).domains,
    domains: (topologyKey, scope) => viewOf(topologyKey, scope).domains,
    add(node, by) {
      const number = on(node) + by;
      total += by;
      if (number === 0) numbers.delete(node);
      else numbers.set(node, number);
      for (const view of views.values()) view.domains.change(domainOf(view, node), by);
    },
    leave(node) {
      for (const view of views.values()) leaveView(view, node, on(node));
    },
    enter(node) {
      for (const view of views.values()) enterView(view, node, on(node));
    },
  };
}

interface View {
  readonly topologyKey: string;
  readonly scope: Scope | undefined;
  readonly domains: ChangingDomains;
}

function domainOf({ topologyKey, scope }: View, node: NodeInfo): string | undefined {
  if (!node.node || (scope && !scope.includes(node))) return undefined;
  return node.labels[topologyKey];
}

function enterView(view: View, node: NodeInfo, number: number): void {
  const domain = domainOf(view, node);
  if (view.scope) view.domains.open(domain);
  view.domains.change(domain, number);
}

function leaveView(view: View, node: NodeInfo, number: number): void {
  const domain = domainOf(view, node);
  view.domains.change(domain, -number);
  if (view.scope) view.domains.close(domain);
}

interface ChangingDomains extends Domains {
  /** A node of this domain comes in. */
  open(value: string | undefined): void;
  /** One goes, whose number was taken away before. */
  close(value: string | undefined): void;
  change(value: string | undefined, by: number): void;
}

function createDomains(): ChangingDomains {
  const domains = new Map<string, { nodes: number; sum: number }>();
  /** How many domains there are of each sum. */
  const bySum: number[] = [];
  let sum = 0;
  /** No domain has less. */
  let floor = 0;

  function count(of: number, by: 1 | -1): void {
    bySum[of] = (bySum[of] ?? 0) + by;
    if (by === 1 && of < floor) floor = of;
  }

  function ensure(value: string) {
    let domain = domains.get(value);
    if (!domain) {
      domains.set(value, (domain = { nodes: 0, sum: 0 }));
      count(0, 1);
    }
    return domain;
  }

  function forgetIfEmpty(value: string): void {
    const domain = domains.get(value);
    if (!domain || domain.nodes > 0 || domain.sum !== 0) return;
    domains.delete(value);
    count(0, -1);
  }

  function firstFrom(of: number): number {
    let next = of;
    while (next < bySum.length && !bySum[next]) next++;
    return next < bySum.length ? next : Number.POSITIVE_INFINITY;
  }

  return {
    get size() {
      return domains.size;
    },
    get sum() {
      return sum;
    },
    get: (value) => (value === undefined ? 0 : (domains.get(value)?.sum ?? 0)),
    least(leavingOut) {
      const least = firstFrom(floor);
      if (least === Number.POSITIVE_INFINITY) return least;
      floor = least;
      const isAlone = bySum[least] === 1 && leavingOut !== undefined && domains.get(leavingOut)?.sum === least;
      return isAlone ? firstFrom(least + 1) : least;
    },
    open(value) {
      if (value !== undefined) ensure(value).nodes++;
    },
    close(value) {
      if (value === undefined) return;
      ensure(value).nodes--;
      forgetIfEmpty(value);
    },
    change(value, by) {
      if (value === undefined || by === 0) return;
      const domain = ensure(value);
      count(domain.sum, -1);
      domain.sum += by;
      count(domain.sum, 1);
      sum += by;
      forgetIfEmpty(value);
    },
  };
}
