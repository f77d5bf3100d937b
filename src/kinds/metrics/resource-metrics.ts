// NodeMetrics and PodMetrics: what nodes and pods use right now. Served where somebody measures it; never stored.

import { addQuantities, parseQuantity, zeroQuantity } from '../../base/quantity.ts';
import type { Column, Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { nameColumn, textColumn } from '../columns.ts';
import { schemaOf } from '../define.ts';
import type { NodeMetrics as NodeShape, PodMetrics as PodShape } from '../generated/types/metrics-v1beta1.ts';

export type NodeMetrics = NodeShape;
export type PodMetrics = PodShape;

const [group, version] = ['metrics.k8s.io', 'v1beta1'];

function metricsKind<T extends KubeObject>(
  kind: string,
  plural: string,
  scope: Kind['scope'],
  columns: readonly Column<T>[],
): Kind<T> {
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: '',
    scope,
    shortNames: [],
    categories: [],
    verbs: ['get', 'list'],
    subresources: [],
    versions: [
      {
        version,
        get schema() {
          return schemaOf(`${group}/${version}`, kind);
        },
      },
    ],
    behaviour: { columns },
    custom: false,
  };
}

export const NodeMetrics = metricsKind<NodeMetrics>('NodeMetrics', 'nodes', 'Cluster', [
  nameColumn,
  textColumn('cpu', '', ({ usage }) => usage.cpu ?? ''),
  textColumn('memory', '', ({ usage }) => usage.memory ?? ''),
  textColumn('Window', '', ({ window }) => window),
]);

export const PodMetrics = metricsKind<PodMetrics>('PodMetrics', 'pods', 'Namespaced', [
  nameColumn,
  textColumn('cpu', '', ({ containers }) => sumOf(containers, 'cpu')),
  textColumn('memory', '', ({ containers }) => sumOf(containers, 'memory')),
  textColumn('Window', '', ({ window }) => window),
]);

const sumOf = (containers: PodMetrics['containers'], resource: 'cpu' | 'memory'): string =>
  containers.map(({ usage }) => parseQuantity(usage[resource] ?? '0')).reduce(addQuantities, zeroQuantity).text;

/** The kinds of metrics.k8s.io, for a server that can measure. */
export const metricsKinds = [NodeMetrics, PodMetrics] as unknown as readonly Kind[];
