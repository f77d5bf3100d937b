import { expect, test } from 'vitest';
import { fidelityPage, type PlayedRequest, staleReasons, unexplainedIn } from './fidelity-page.ts';

const differing = (title: string, path: string, got: unknown): PlayedRequest => ({
  title,
  request: 'GET /x',
  differences: [
    { path, expected: 200, got },
    { path: 'body', expected: 1, got: 2 },
  ],
});

const suite = {
  name: 'api',
  options: ['--bare'],
  cases: [
    {
      file: '/somewhere/cases/api/core/pods.case',
      title: 'pods: one',
      requests: [
        { request: 'GET /a', differences: [] },
        { request: 'GET /b', differences: [] },
        differing('known', 'body.spec', 5),
        differing('refused', 'status', 501),
      ],
    },
    { file: '/somewhere/cases/api/core/odd.case', title: 'odd', requests: [differing('strange', 'body.x', 1)] },
    { file: '/somewhere/cases/api/core/odd.case', title: 'new', skipped: 'not recorded' },
  ],
};
const reasons = [
  { where: /^api\/core\/pods: .*known/, why: 'Known.' },
  { where: /501|refused/, why: 'Not modelled.' },
  { where: /never/, why: 'Gone.' },
];

test('the page counts what is identical, what differs and what is not modelled, and explains each difference', () => {
  const page = fidelityPage([suite], reasons);
  expect(page).toContain('| [api](#api) | 5 | 2 | 40.0 % | 2 | 1 |');
  expect(page).toContain('| api/core/pods | 4 | 2 | 50.0 % | 1 | 1 |');
  expect(page).toContain(
    '**Known.** (1)\n\n- api/core/pods: pods: one\n  - known (`GET /x`): `body.spec`, and 1 more\n',
  );
  expect(page).toContain('**Not played**\n\n- api/core/odd: new: not recorded\n');
  expect(page).not.toContain('somewhere');
});

test('what has no reason is told first and loudly; reasons that explain nothing are told too', () => {
  const page = fidelityPage([suite], reasons);
  expect(page.indexOf('**UNEXPLAINED** (1)')).toBeGreaterThan(0);
  expect(page.indexOf('**UNEXPLAINED**')).toBeLessThan(page.indexOf('**Known.**'));
  expect(unexplainedIn([suite], reasons)).toEqual(['api/core/odd: odd: strange (`GET /x`): body.x body']);
  expect(staleReasons([suite], reasons)).toEqual(['Gone.']);
});
