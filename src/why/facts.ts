// Small facts that several explanations need.

import { formatTime } from '../base/time.ts';
import type { Instant } from '../base/clock.ts';
import { conditionOf } from '../kinds/conditions.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** A condition that holds. */
export function holding<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  const condition = conditionOf(conditions, type);
  return condition?.status === 'True' ? condition : undefined;
}

export const sinceInstant = (at: Instant): { readonly since: string } => ({ since: formatTime(at) });

export const sinceOf = (time: string | undefined): { readonly since?: string } => (time ? { since: time } : {});

/** A text as a sentence: with a capital and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** `1 pod`, `3 pods`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first few, and how many more: `n1, n2, n3 and 4 more`. */
export function someOf(names: readonly string[], most = 3): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
