// ComponentStatus: whether the parts of the control plane are well. Never stored.

import { nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ComponentCondition, ComponentStatus as Shape } from '../generated/types/core-v1.ts';

export type ComponentStatus = Shape;

const healthy = ({ conditions }: ComponentStatus): ComponentCondition | undefined =>
  conditions?.find(({ type }) => type === 'Healthy');

const statusText = (status: string | undefined): string =>
  status === 'True' ? 'Healthy' : status === 'False' ? 'Unhealthy' : 'Unknown';

export const ComponentStatus = defineKind<ComponentStatus>(
  'v1',
  'ComponentStatus',
  {
    columns: [
      nameColumn,
      textColumn('Status', 'Status of the component conditions', (each) => statusText(healthy(each)?.status)),
      textColumn('Message', 'Message of the component conditions', (each) => healthy(each)?.message ?? ''),
      textColumn('Error', 'Error of the component conditions', (each) => healthy(each)?.error ?? ''),
    ],
  },
  { conversions: { v1: { deprecation: 'v1 ComponentStatus is deprecated in v1.19+' } } },
);
