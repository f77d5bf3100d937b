import { expect, test } from 'vitest';
import { main as jobBackoff } from '../../examples/job-backoff/main.ts';
import { courses, statesIn } from '../../examples/statefulset-node-death/main.ts';

test('the example of a Job with backoffLimit 6 starts seven pods', async () => {
  const lines: string[] = [];
  await jobBackoff((line) => lines.push(line));
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toBe('7 pods: backoffLimit 6 counts the failures after the first (BackoffLimitExceeded).');
});

test('the pod of a dead node is stuck until it is deleted by force or its node is out of service', async () => {
  const seen = await Promise.all(courses.map(statesIn));
  for (const states of seen)
    expect(states.slice(0, 7).map((state) => state.split(' on ')[0])).toEqual([
      ...Array(5).fill('Running, not ready'),
      'Terminating',
      'Terminating',
    ]);
  const [nobody, force, taint] = seen.map((states) => states.at(-1) ?? '');
  const dead = seen[0]?.[0]?.split(' on ')[1];
  expect(nobody).toBe(`Terminating on ${dead}`);
  for (const state of [force, taint]) expect(state).toMatch(/^Running on n\d$/);
  for (const state of [force, taint]) expect(state).not.toContain(dead);
});
