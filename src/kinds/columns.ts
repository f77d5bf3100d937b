// Columns that many kinds' tables share, and how their cells are written.

import type { Instant } from '../base/clock.ts';
import type { Cell, Column, DocumentedField } from '../api/kind.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';

const metaField = (field: keyof ObjectMeta): DocumentedField => ({
  type: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  field,
});

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: metaField('name'),
  cell: (object) => object.metadata.name ?? '',
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: metaField('creationTimestamp'),
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** What kinds without columns of their own show beside the name. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: metaField('creationTimestamp'),
  cell: (object) => object.metadata.creationTimestamp ?? null,
};

/** A column of text; `wide` ones are shown with `-o wide` only. */
export function textColumn<T extends KubeObject>(
  name: string,
  description: string | DocumentedField,
  cell: (object: T, now: Instant) => Cell,
): Column<T> {
  return { name, type: 'string', description, cell };
}

export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 });

/** How long ago, as `kubectl get` says it. */
export function ageOf(timestamp: string | null | undefined, now: Instant): string {
  if (!timestamp) return '<unknown>';
  return shortDuration(now - Date.parse(timestamp));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Two units at most, and fewer as the span grows: 5s, 3m20s, 2h, 4d6h, 300d, 3y12d. */
export function shortDuration(milliseconds: number): string {
  const n = (unit: number) => Math.floor(milliseconds / unit);
  if (milliseconds < -2 * SECOND + 1) return '<invalid>';
  if (milliseconds < 0) return '0s';
  const seconds = n(SECOND);
  const minutes = n(MINUTE);
  const hours = n(HOUR);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (hours < 192) return withRest(n(DAY), 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${n(DAY)}d`;
  if (hours < 24 * 365 * 8) return withRest(n(YEAR), 'y', n(DAY) % 365, 'd');
  return `${n(YEAR)}y`;
}

const withRest = (whole: number, unit: string, rest: number, smaller: string) =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${smaller}`;

/** `a=b,c=d`, sorted; `<none>` when empty. */
export function labelsText(labels: Readonly<Record<string, string>> | null | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels?.[key]}`).join(',');
}

interface Templated {
  readonly containers?: readonly { readonly name?: string; readonly image?: string }[] | null;
}

export const containerNames = (spec: Templated | undefined): string =>
  (spec?.containers ?? []).map((container) => container.name ?? '').join(',');

export const containerImages = (spec: Templated | undefined): string =>
  (spec?.containers ?? []).map((container) => container.image ?? '').join(',');

/** The two columns workloads show of their template. */
export function templateColumns<T extends KubeObject>(specOf: (object: T) => Templated | undefined): Column<T>[] {
  return [
    textColumn('Containers', 'Names of each container in the template.', (object: T) => containerNames(specOf(object))),
    textColumn('Images', 'Images referenced by each container in the template.', (object: T) =>
      containerImages(specOf(object)),
    ),
  ];
}
