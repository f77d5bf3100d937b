// Tables, as `kubectl get` asks for them: the kind's columns, a row an object, and as much of the object as wanted.

import type { Column, Kind, RowCondition } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Describe } from '../kinds/descriptions.ts';
import { createdAtColumn, nameColumn } from '../kinds/columns.ts';
import { behaviourOf, fromHub } from './draft.ts';
import type { Printing } from './print.ts';
import type { ListResult, ObjectResult } from './verbs/result.ts';

const defaultColumns: readonly Column[] = [nameColumn, createdAtColumn];

export const partialObject = (object: KubeObject, apiVersion: string): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata: object.metadata,
});

const columnsOf = (kind: Kind): readonly Column[] => behaviourOf(kind).columns ?? defaultColumns;

export function tableOf(
  result: ObjectResult | ListResult,
  printing: Printing,
  columns: readonly Column[] = columnsOf(printing.served.kind),
): object {
  const { kind } = printing.served;
  const held = result.type === 'list' ? result.items.map((stored) => stored.object) : [result.object];
  // Columns of custom kinds are those of the version, and read its fields.
  const objects = kind.custom ? held.map((object) => fromHub(kind, printing.served.version, object)) : held;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${printing.negotiated.shapeVersion}`,
    metadata:
      result.type === 'list'
        ? listMeta(result, { ...kind, custom: false })
        : { resourceVersion: result.object.metadata.resourceVersion ?? '' },
    columnDefinitions: printing.columnsTold
      ? null
      : columns.filter(({ untold }) => !untold).map((column) => definitionOf(column, printing.describe)),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, printing.now)),
      ...conditionsOf(kind, object),
      ...embedded(object, printing),
    })),
  };
}

/** Left out when there are none. */
function conditionsOf(kind: Kind, object: KubeObject): { conditions?: readonly RowCondition[] } {
  const conditions = behaviourOf(kind).rowConditions?.(object) ?? [];
  return conditions.length > 0 ? { conditions } : {};
}

function definitionOf(column: Column, describe: Describe): object {
  const { name, type, format = '', priority = 0, description } = column;
  return {
    name,
    type,
    format,
    description: typeof description === 'string' ? description : describe(description.type, description.field),
    priority,
  };
}

function embedded(object: KubeObject, printing: Printing): { object?: unknown } {
  const { served, includeObject, negotiated } = printing;
  if (includeObject === 'None') return { object: null };
  if (includeObject === 'Object') return { object: fromHub(served.kind, served.version, object) };
  return { object: partialObject(innerObject(served.kind, object), `meta.k8s.io/${negotiated.shapeVersion}`) };
}

/** Without the annotations that stand for a field. */
function innerObject(kind: Kind, object: KubeObject): KubeObject {
  const { innerAnnotations } = behaviourOf(kind);
  const { annotations, ...metadata } = object.metadata;
  if (!innerAnnotations || !annotations) return object;
  const left = Object.entries(annotations).filter(([name]) => !innerAnnotations.includes(name));
  return { ...object, metadata: { ...metadata, ...(left.length > 0 && { annotations: Object.fromEntries(left) }) } };
}

/** The metadata of a list, whatever form its items take. */
export function listMeta(list: ListResult, kind: Kind): object {
  return {
    resourceVersion: String(list.revision),
    ...(list.continue !== undefined ? { continue: list.continue } : kind.custom && { continue: '' }),
    ...(list.remaining !== undefined && { remainingItemCount: list.remaining }),
  };
}
