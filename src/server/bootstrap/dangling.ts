// Whether the priority level that a FlowSchema names is there: its condition Dangling (documentation, "API Priority and Fairness").

import type { FlowSchema, FlowSchemaCondition } from '../../kinds/generated/types/flowcontrol-v1.ts';

/** Signs the condition in managed fields. */
export const consumer = 'api-priority-and-fairness-config-consumer-v1';

/** `now` is RFC 3339; a condition that stays as it was keeps its time. */
export function danglingOf({ spec, status }: FlowSchema, exists: boolean, now: string): FlowSchemaCondition {
  const level = JSON.stringify(spec.priorityLevelConfiguration.name);
  const before = status?.conditions?.find(({ type }) => type === 'Dangling');
  const value = exists ? 'False' : 'True';
  return {
    type: 'Dangling',
    status: value,
    lastTransitionTime: before?.status === value ? (before.lastTransitionTime ?? now) : now,
    reason: exists ? 'Found' : 'NotFound',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} ${exists ? 'and it exists' : 'but there is no such object'}`,
  };
}
