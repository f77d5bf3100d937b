// Why something is as it is: answered when asked, never stored. One shape for every kind that is explained.

import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { ageOf, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import { alwaysServed } from '../served.ts';
import { explained } from './types.ts';

export interface Reference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface Cause {
  /** In one word. */
  readonly reason: string;
  readonly message: string;
  /** Who said or did it. */
  readonly source?: string;
  /** RFC 3339. */
  readonly since?: string;
  readonly about?: Reference;
}

export interface Refusal {
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly detail?: string;
  readonly unresolvable?: boolean;
}

export interface NodeFit {
  readonly name: string;
  readonly zone?: string;
  readonly refusals?: readonly Refusal[];
  readonly score?: number;
  readonly scores?: Readonly<Record<string, number>>;
}

export interface Placement {
  readonly node?: string;
  readonly totalNodes: number;
  readonly fitting: number;
  readonly nodes?: readonly NodeFit[];
  readonly preemption?: string;
}

export type DrainOutcome =
  /** At once. */
  | 'Evicted'
  /** Until its budget allows it, which it will. */
  | 'Waits'
  /** The drain never ends. */
  | 'Blocked'
  /** A drain leaves it alone: a DaemonSet's, a static or a finished pod. */
  | 'Ignored'
  /** Nobody makes it anew. */
  | 'Lost';

export interface DrainStep {
  readonly namespace: string;
  readonly name: string;
  readonly outcome: DrainOutcome;
  readonly message: string;
  readonly budget?: string;
  readonly to?: string;
}

export interface Remedy {
  readonly change: string;
  readonly effect?: string;
  readonly command?: string;
}

/** What there is to say, whatever it is about. */
export interface Why {
  readonly state: string;
  readonly since?: string;
  readonly verdict: string;
  readonly causes?: readonly Cause[];
  readonly placement?: Placement;
  readonly drain?: readonly DrainStep[];
  readonly remedies?: readonly Remedy[];
}

export interface Explanation extends KubeObject, Why {
  readonly subject: Reference;
}

/** The kinds of why.portolan.dev, for a server beside a whole control plane. */
export const whyKinds = Object.values(explained).map((kind) =>
  alwaysServed(
    defineKind<Explanation>('why.portolan.dev/v1alpha1', kind, {
      columns: [
        nameColumn as never,
        textColumn('State', '', ({ state }) => state),
        textColumn('For', '', ({ since }, now) => (since === undefined ? '' : ageOf(since, now))),
        textColumn('Verdict', '', ({ verdict }) => verdict),
      ],
    }),
  ),
) as unknown as readonly Kind[];
