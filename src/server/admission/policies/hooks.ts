// Which policies are in force: those that a binding names. Worked out anew only when a policy or binding has changed.

import type { Kind } from '../../../api/kind.ts';
import type { Mirror } from '../../../api/mirror.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { AdmissionWorld } from '../plugin.ts';

/** What the plugins need to know of a binding to find its policy. */
interface Bound extends KubeObject {
  readonly spec?: { readonly policyName?: string };
}

/** A policy, ready to be evaluated, with the bindings that put it in force. */
export interface Hook<P, B, E> {
  readonly policy: P;
  readonly bindings: readonly B[];
  readonly evaluator: E;
}

/** Policies of one sort, their bindings, and how they are compiled. */
export interface Source<P extends KubeObject, B extends Bound, E> {
  readonly policies: Kind<P>;
  readonly bindings: Kind<B>;
  compile(policy: P): E;
}

interface Known<P, B, E> {
  readonly policies: readonly P[];
  readonly bindings: readonly B[];
  readonly hooks: readonly Hook<P, B, E>[];
}

/** The policies in force at the moment, by name, each with its bindings by name. Where there are none nobody waits. */
export type Hooks<P, B, E> = (world: AdmissionWorld) => readonly Hook<P, B, E>[] | Promise<readonly Hook<P, B, E>[]>;

const none: readonly never[] = [];

export function hooksOf<P extends KubeObject, B extends Bound, E>(source: Source<P, B, E>): Hooks<P, B, E> {
  const compiled = new WeakMap<P, E>();
  const known = new WeakMap<Mirror<B>, Known<P, B, E>>();

  function evaluatorOf(policy: P): E {
    let evaluator = compiled.get(policy);
    if (evaluator === undefined) compiled.set(policy, (evaluator = source.compile(policy)));
    return evaluator;
  }

  function workOut(policies: readonly P[], bindings: readonly B[]): readonly Hook<P, B, E>[] {
    return policies.flatMap((policy) => {
      const own = bindings.filter(({ spec }) => spec?.policyName === policy.metadata.name);
      return own.length > 0 ? [{ policy, bindings: own, evaluator: evaluatorOf(policy) }] : [];
    });
  }

  async function inForce(world: AdmissionWorld): Promise<readonly Hook<P, B, E>[]> {
    const bound = await world.mirror(source.bindings);
    if (bound.size === 0) return none;
    const bindings = bound.list();
    const policies = (await world.mirror(source.policies)).list();
    const before = known.get(bound);
    // A mirror gives the very same list until something in it changes.
    if (before?.policies === policies && before.bindings === bindings) return before.hooks;
    const hooks = workOut(policies, bindings);
    known.set(bound, { policies, bindings, hooks });
    return hooks;
  }

  return (world) => (world.peek(source.bindings)?.size === 0 ? none : inForce(world));
}
