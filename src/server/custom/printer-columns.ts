// The columns a CustomResourceDefinition names for its tables.

import { isNumeric } from '../../base/whole-number.ts';
import { humanDuration, parseTime } from '../../base/time.ts';
import type { Instant } from '../../base/clock.ts';
import type { Cell, Column } from '../../api/kind.ts';
import { valuesAt } from '../../kinds/apiextensions/field-path.ts';
import { nameColumn } from '../../kinds/columns.ts';
import type { CustomResourceColumnDefinition } from '../../kinds/generated/types/apiextensions-v1.ts';

const age: Column = {
  name: 'Age',
  type: 'date',
  description: { type: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', field: 'creationTimestamp' },
  cell: (object, now) => cellOf('date', [object.metadata.creationTimestamp], now),
};

/** The name, and the given columns or the age. */
export function printerColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  if (!definitions || definitions.length === 0) return [nameColumn, age];
  return [nameColumn, ...definitions.map(columnOf)];
}

function columnOf(definition: CustomResourceColumnDefinition): Column {
  const { name, type, format, description, priority, jsonPath } = definition;
  return {
    name,
    type: type as Column['type'],
    ...(format && { format }),
    ...(priority && { priority }),
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell: (object, now) => cellOf(type, valuesAt(object, jsonPath), now),
  };
}

function cellOf(type: string, values: readonly unknown[], now: Instant): Cell {
  const [value] = values;
  if (value === undefined) return null;
  switch (type) {
    case 'string':
      return values.map(textOf).join(' ');
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : isNumeric(value) ? value : null;
    case 'number':
      return isNumeric(value) ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'string' ? ageOf(value, now) : null;
  }
}

function textOf(value: unknown): string {
  if (value === null) return '<no value>';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function ageOf(text: string, now: Instant): string {
  if (text === '' || text === 'null') return '<unknown>';
  const then = parseTime(text);
  return then === undefined ? '<invalid>' : humanDuration(now - then);
}
