// Columns that many kinds' tables share, and how their cells are written.

import type { Instant } from '../base/clock.ts';
import { humanDuration, parseTime } from '../base/time.ts';
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

/** A column of numbers. */
export function numberColumn<T extends KubeObject>(
  name: string,
  description: string | DocumentedField,
  cell: (object: T) => number,
): Column<T> {
  return { name, type: 'integer', description, cell };
}

/** A column that calls itself text and holds numbers, as some of Kubernetes' do. */
export const numberCell = <T extends KubeObject>(
  name: string,
  description: string | DocumentedField,
  cell: (object: T) => number,
): Column<T> => ({ ...numberColumn(name, description, cell), type: 'string' });

export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 });

/** How long ago, as `kubectl get` says it. */
export function ageOf(timestamp: string | null | undefined, now: Instant): string {
  if (!timestamp) return '<unknown>';
  const then = parseTime(timestamp);
  return then === undefined ? '<unknown>' : humanDuration(now - then);
}

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
