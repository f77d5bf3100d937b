// Things that wait for labels: asked about some labels, those that cannot match them are not even looked at.

import type { Labels, Selector } from '../base/selectors.ts';

export interface SelectorIndex<T> {
  add(selector: Selector, item: T): void;
  remove(selector: Selector, item: T): void;
  /** Calls with everything whose selector may match. */
  visit(labels: Labels, visitor: (item: T) => void): void;
}

export function createSelectorIndex<T>(): SelectorIndex<T> {
  const byLabel = new Map<string, Set<T>>();
  const others = new Set<T>();
  return {
    add(selector, item) {
      const label = requiredLabel(selector);
      if (label === undefined) others.add(item);
      else byLabel.set(label, (byLabel.get(label) ?? new Set()).add(item));
    },
    remove(selector, item) {
      const label = requiredLabel(selector);
      if (label === undefined) return void others.delete(item);
      const items = byLabel.get(label);
      items?.delete(item);
      if (items?.size === 0) byLabel.delete(label);
    },
    visit(labels, visitor) {
      others.forEach(visitor);
      if (byLabel.size === 0) return;
      for (const key of Object.keys(labels)) byLabel.get(labelOf(key, labels[key]))?.forEach(visitor);
    },
  };
}

const labelOf = (key: string, value: string | undefined): string => `${key}=${value}`;

/** A label without which the selector does not match. */
function requiredLabel({ requirements }: Selector): string | undefined {
  const exact = requirements.find(({ operator, values }) => operator === 'In' && values.length === 1);
  return exact && labelOf(exact.key, exact.values[0]);
}
