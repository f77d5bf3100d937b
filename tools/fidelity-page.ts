// docs/fidelity.md: the share of recorded requests answered alike, by suite and group, and each remaining difference with its reason.

import type { Reason } from './fidelity-reasons.ts';

/** What the player reports of a case. */
export interface PlayedCase {
  readonly file: string;
  readonly title: string;
  /** Why it was not played. */
  readonly skipped?: string;
  readonly requests?: readonly PlayedRequest[];
}

export interface PlayedRequest {
  readonly title?: string;
  /** Method and path. */
  readonly request: string;
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly path: string;
  readonly expected?: unknown;
  readonly got?: unknown;
}

export interface PlayedSuite {
  readonly name: string;
  readonly options: readonly string[];
  readonly cases: readonly PlayedCase[];
}

interface Tally {
  readonly identical: number;
  readonly differs: number;
  readonly notModelled: number;
}

const unexplained = 'UNEXPLAINED';

export function fidelityPage(suites: readonly PlayedSuite[], reasons: readonly Reason[]): string {
  return [
    '# Fidelity',
    '',
    'The recorded cases hold requests and what a real kube-apiserver 1.36 answered to them. Here is how the answers of this version compare.',
    'An answer is identical when its status, its content type, warnings, location and body are. `npm run fidelity -- --write` makes this page.',
    '',
    ...table('Suite', [
      ...suites.map(({ name, cases }) => ({ name: `[${name}](#${name})`, tally: tallyOf(cases) })),
      { name: 'all', tally: tallyOf(suites.flatMap(({ cases }) => cases)) },
    ]),
    '',
    ...suites.flatMap(suiteSection),
    ...differencesSection(suites, reasons),
  ].join('\n');
}

const suiteSection = ({ name, options, cases }: PlayedSuite): string[] => [
  `## ${name}`,
  '',
  `Played against \`portolan up ${options.join(' ')}\`.`,
  '',
  ...table(
    'Group',
    byKey(cases, groupOf).map(([group, members]) => ({ name: group, tally: tallyOf(members) })),
  ),
  '',
];

function table(head: string, rows: readonly { readonly name: string; readonly tally: Tally }[]): string[] {
  return [
    `| ${head} | Requests | Identical | Share | Differs | Not modelled |`,
    '|---|--:|--:|--:|--:|--:|',
    ...rows.map(({ name, tally: { identical, differs, notModelled } }) => {
      const all = identical + differs + notModelled;
      return `| ${name} | ${all} | ${identical} | ${percent(identical, all)} | ${differs || ''} | ${notModelled || ''} |`;
    }),
  ];
}

/** Rounded down, so that 100.0 % is all. */
const percent = (part: number, all: number): string => `${(Math.floor((part / all) * 1000) / 10).toFixed(1)} %`;

function tallyOf(cases: readonly PlayedCase[]): Tally {
  const differing = requestsOf(cases).filter(({ differences }) => differences.length > 0);
  const notModelled = differing.filter(isNotModelled).length;
  return {
    identical: requestsOf(cases).length - differing.length,
    differs: differing.length - notModelled,
    notModelled,
  };
}

const requestsOf = (cases: readonly PlayedCase[]): readonly PlayedRequest[] =>
  cases.flatMap(({ requests = [] }) => requests);

/** What is not modelled says so: with 501, or in a warning. */
const isNotModelled = ({ differences }: PlayedRequest): boolean =>
  differences.some(
    ({ path, got }) =>
      (path === 'status' && got === 501) || (path.startsWith('headers.warning') && /not modelled/.test(String(got))),
  );

/** The case's file below the folder of all cases, without its ending. */
const groupOf = ({ file }: PlayedCase): string => file.replace(/^.*\/cases\//, '').replace(/\.case$/, '');

interface Remaining {
  readonly group: string;
  readonly title: string;
  readonly step: string;
  readonly paths: readonly string[];
}

function differencesSection(suites: readonly PlayedSuite[], reasons: readonly Reason[]): string[] {
  const remaining = remainingIn(suites);
  const explained = byKey(remaining, (each) => whyOf(each, reasons) ?? unexplained);
  // What nobody can explain comes first.
  explained.sort(([a], [b]) => Number(b === unexplained) - Number(a === unexplained));
  return [
    '## What differs, and why',
    '',
    ...(remaining.length === 0 ? ['Nothing.', ''] : []),
    ...skippedIn(suites),
    ...explained.flatMap(([why, members]) => [`**${why}** (${members.length})`, '', ...listOf(members), '']),
  ];
}

function listOf(remaining: readonly Remaining[]): string[] {
  return byKey(remaining, ({ group, title }) => `- ${group}: ${title}`).flatMap(([head, members]) => [
    head,
    ...members.map(({ step, paths: [first, ...more] }) => {
      const others = more.length > 0 ? `, and ${more.length} more` : '';
      return `  - ${step}: \`${first}\`${others}`;
    }),
  ]);
}

function remainingIn(suites: readonly PlayedSuite[]): Remaining[] {
  const cases = suites.flatMap((suite) => suite.cases);
  return cases.flatMap((played) =>
    (played.requests ?? [])
      .filter(({ differences }) => differences.length > 0)
      .map(({ title, request, differences }) => ({
        group: groupOf(played),
        title: played.title,
        step: title ? `${title} (\`${request}\`)` : `\`${request}\``,
        paths: differences.map(({ path }) => path),
      })),
  );
}

function skippedIn(suites: readonly PlayedSuite[]): string[] {
  const skipped = suites.flatMap(({ cases }) => cases).filter((each) => each.skipped !== undefined);
  if (skipped.length === 0) return [];
  return ['**Not played**', '', ...skipped.map((each) => `- ${groupOf(each)}: ${each.title}: ${each.skipped}`), ''];
}

const textOf = ({ group, title, step, paths }: Remaining): string => `${group}: ${title}: ${step}: ${paths.join(' ')}`;

const whyOf = (each: Remaining, reasons: readonly Reason[]): string | undefined =>
  reasons.find(({ where }) => where.test(textOf(each)))?.why;

/** Differences without a reason, a line each. */
export const unexplainedIn = (suites: readonly PlayedSuite[], reasons: readonly Reason[]): string[] =>
  remainingIn(suites)
    .filter((each) => whyOf(each, reasons) === undefined)
    .map(textOf);

/** Reasons that explain nothing any more. */
export function staleReasons(suites: readonly PlayedSuite[], reasons: readonly Reason[]): string[] {
  const used = new Set(remainingIn(suites).map((each) => whyOf(each, reasons)));
  return reasons.filter(({ why }) => !used.has(why)).map(({ why }) => why);
}

/** In order of first appearance. */
function byKey<T>(members: readonly T[], keyOf: (member: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const member of members) {
    const group = groups.get(keyOf(member));
    if (group) group.push(member);
    else groups.set(keyOf(member), [member]);
  }
  return [...groups];
}
