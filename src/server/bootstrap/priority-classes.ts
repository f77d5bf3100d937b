// The two priorities above all that users may give.

import type { Client } from '../../client/client.ts';
import { PriorityClass } from '../../kinds/scheduling/priority-class.ts';
import { ensure } from './ensure.ts';

export const systemPriorityClasses = (client: Client): Promise<void> =>
  ensure(client, {
    kind: PriorityClass,
    objects: [
      {
        metadata: { name: 'system-node-critical' },
        value: 2_000_001_000,
        description: 'Used for system critical pods that must not be moved from their current node.',
      },
      {
        metadata: { name: 'system-cluster-critical' },
        value: 2_000_000_000,
        description:
          'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
      },
    ],
  });
