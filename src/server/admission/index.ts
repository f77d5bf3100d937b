// The admission plugins that are on by default, in upstream's order.

import { namespaceLifecycle } from './namespace-lifecycle.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const admissionPlugins: readonly AdmissionPlugin[] = [namespaceLifecycle];
