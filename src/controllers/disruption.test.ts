import { expect, test } from 'vitest';
import type { Pod } from '../kinds/core/pod.ts';
import type { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import { type BudgetPlan, planBudget, printedSelector, type ScaleOf } from './disruption.ts';

const now = Date.UTC(2026, 0, 1, 0, 10);

const pod = (name: string, ready = true, more: object = {}): Pod => ({
  metadata: { name, namespace: 'ns', uid: name, ...more },
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

const managed: ScaleOf = () => ({ uid: 'set', replicas: 5 });

const plan = (spec: object, pods: readonly Pod[], { scaleOf = managed, status = {} as object } = {}): BudgetPlan => {
  const budget = { metadata: { name: 'b', namespace: 'ns', generation: 1 }, spec, status } as PodDisruptionBudget;
  return planBudget({ budget, pods, scaleOf, now });
};

const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name));

test('a number of available pods counts those there are; percentages and unavailable ones those there should be', () => {
  expect(plan({ minAvailable: 2 }, pods.slice(0, 3)).status).toMatchObject({ expectedPods: 3, disruptionsAllowed: 1 });
  expect(plan({ minAvailable: '50%' }, pods).status).toMatchObject({ desiredHealthy: 3, disruptionsAllowed: 2 });
  expect(plan({ maxUnavailable: '10%' }, pods).status).toMatchObject({ desiredHealthy: 4, disruptionsAllowed: 1 });
  expect(plan({ maxUnavailable: 1 }, pods.slice(0, 3)).status).toMatchObject({
    expectedPods: 5,
    disruptionsAllowed: 0,
  });
});

test('pods that are not ready, on their way out, or evicted already are not healthy', () => {
  const evicted = { disruptedPods: { c: '2026-01-01T00:09:00Z' } };
  const some = [pod('a'), pod('b', false), pod('c'), pod('d', true, { deletionTimestamp: '2026-01-01T00:00:00Z' })];
  const { status, after } = plan({ minAvailable: 0 }, some, { status: evicted });
  expect(status).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 1, disruptedPods: evicted.disruptedPods });
  expect(after).toBe(60_000);
});

test('an evicted pod that is there after two minutes counts again, and is told about', () => {
  const late = plan({ minAvailable: 0 }, [pod('c')], { status: { disruptedPods: { c: '2026-01-01T00:07:00Z' } } });
  expect(late.status).toMatchObject({ currentHealthy: 1 });
  expect(late.status.disruptedPods).toBeUndefined();
  expect(late.notDeleted.map(({ metadata }) => metadata.name)).toEqual(['c']);
});

test('when it is not known how many pods there should be, none may go', () => {
  const faulty: ScaleOf = () => ({ fault: 'jobs.batch does not implement the scale subresource' });
  const { status, events } = plan({ maxUnavailable: 1 }, pods, { scaleOf: faulty });
  expect(status).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: 'SyncFailed', status: 'False' }] });
  expect(events.map(({ reason }) => reason)).toEqual(['CalculateExpectedPodCountFailed']);
});

test("pods of nobody's are told about, with the selector as Go prints it", () => {
  const { events } = plan({ maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } }, [pod('a')], {
    scaleOf: () => undefined,
  });
  expect(events[0]?.message).toContain(
    '(selector: &LabelSelector{MatchLabels:map[string]string{app: x,},MatchExpressions:[]LabelSelectorRequirement{},})',
  );
  expect(printedSelector({ matchExpressions: [{ key: 'k', operator: 'In', values: ['a', 'b'] }] })).toBe(
    '&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[a b],},},}',
  );
});
