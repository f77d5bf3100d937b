// NodeMetrics and PodMetrics: what nodes and pods use right now. Served where somebody measures it; never stored.

import { addQuantities, parseQuantity, zeroQuantity } from '../../base/quantity.ts';
import type { Kind } from '../../api/kind.ts';
import { nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import { alwaysServed } from '../served.ts';
import type { NodeMetrics as NodeShape, PodMetrics as PodShape } from '../generated/types/metrics-v1beta1.ts';

export type NodeMetrics = NodeShape;
export type PodMetrics = PodShape;

export const NodeMetrics = alwaysServed(
  defineKind<NodeMetrics>('metrics.k8s.io/v1beta1', 'NodeMetrics', {
    columns: [
      nameColumn,
      textColumn('cpu', '', ({ usage }) => usage.cpu ?? ''),
      textColumn('memory', '', ({ usage }) => usage.memory ?? ''),
      textColumn('Window', '', ({ window }) => window),
    ],
  }),
);

export const PodMetrics = alwaysServed(
  defineKind<PodMetrics>('metrics.k8s.io/v1beta1', 'PodMetrics', {
    columns: [
      nameColumn,
      textColumn('cpu', '', ({ containers }) => sumOf(containers, 'cpu')),
      textColumn('memory', '', ({ containers }) => sumOf(containers, 'memory')),
      textColumn('Window', '', ({ window }) => window),
    ],
  }),
);

const sumOf = (containers: PodMetrics['containers'], resource: 'cpu' | 'memory'): string =>
  containers.map(({ usage }) => parseQuantity(usage[resource] ?? '0')).reduce(addQuantities, zeroQuantity).text;

/** The kinds of metrics.k8s.io, for a server that can measure. */
export const metricsKinds = [NodeMetrics, PodMetrics] as unknown as readonly Kind[];
