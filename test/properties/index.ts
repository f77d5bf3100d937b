// Every property. To add one is one file and one line here.

import { budgets } from './budgets.ts';
import { rollouts } from './deployments.ts';
import { counting } from './jobs.ts';
import { collection } from './ownership.ts';
import { placement } from './placement.ts';
import type { Property } from './property.ts';
import { order } from './stateful-sets.ts';

export const properties: readonly Property[] = [rollouts, budgets, order, counting, placement, collection];
