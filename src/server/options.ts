// The options of writes and deletions, from the query or a DeleteOptions body, read and checked as upstream does.

import { type Issue, invalid, invalidOptions, notSupported, required, tooLong } from '../api/issues.ts';
import { badRequest } from '../api/status.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Who writes: the parameter, or else the client's name. */
  readonly manager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
  /** What the request itself says of them. */
  readonly given: GivenOptions;
}

/** The options of a request as an object, without its kind: admission sees them. */
export type GivenOptions = Readonly<Record<string, unknown>>;

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: PropagationPolicy | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
}

const longestManager = 128;

export function writeOptions(
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  query: URLSearchParams,
  userAgent: string | undefined,
  applying = false,
): WriteOptions {
  const manager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const issues = [
    ...(kind === 'PatchOptions' ? patchIssues(query, manager, applying) : []),
    ...managerIssues(manager),
    ...dryRunIssues(query.getAll('dryRun')),
    ...(['', 'Ignore', 'Strict', 'Warn'].includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ];
  if (issues.length > 0) throw invalidOptions(kind, issues);
  return {
    dryRun: query.has('dryRun'),
    manager: manager || programOf(userAgent),
    fieldValidation: (validation || 'Warn') as FieldValidation,
    force: query.get('force') === 'true' || query.get('force') === '1',
    given: {
      ...(query.has('dryRun') && { dryRun: query.getAll('dryRun') }),
      ...(manager && { fieldManager: manager }),
      ...(validation && { fieldValidation: validation }),
    },
  };
}

/** The same of a deletion. */
export const givenDeleteOptions = ({ dryRun, ...options }: DeleteOptions): GivenOptions =>
  Object.fromEntries(
    Object.entries({ ...options, ...(dryRun && { dryRun: ['All'] }) }).filter(([, value]) => value !== undefined),
  );

function patchIssues(query: URLSearchParams, manager: string, applying: boolean): Issue[] {
  if (applying) return manager === '' ? [required('fieldManager', 'is required for apply patch')] : [];
  return query.has('force')
    ? [{ type: 'forbidden', field: 'force', message: 'Forbidden: may not be specified for non-apply patch' }]
    : [];
}

function managerIssues(manager: string): Issue[] {
  const issues: Issue[] = manager.length > longestManager ? [tooLong('fieldManager', longestManager)] : [];
  const characters = [...manager];
  const odd = characters.findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
  if (odd >= 0) {
    const code = (characters[odd]?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    issues.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${odd})`));
  }
  return issues;
}

const dryRunIssues = (values: readonly string[]): Issue[] =>
  values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];

/** A client's program, its name in managedFields too: its User-Agent up to the first slash. */
export function programOf(userAgent: string | undefined): string {
  const name = (userAgent ?? '').split('/', 1)[0] ?? '';
  return (
    [...name]
      .filter((character) => /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character))
      .join('')
      .slice(0, longestManager) || 'unknown'
  );
}

/** DeleteOptions from the query, which counts only where there is no body. */
export function deleteOptionsOf(query: URLSearchParams): DeleteOptions {
  const issues = dryRunIssues(query.getAll('dryRun'));
  const grace = query.get('gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  return checkedDelete(
    {
      dryRun: query.has('dryRun'),
      gracePeriodSeconds: grace === null ? undefined : wholeNumber(grace),
      propagationPolicy: (query.get('propagationPolicy') ?? undefined) as PropagationPolicy | undefined,
      orphanDependents: orphan === null ? undefined : orphan !== 'false' && orphan !== '0',
    },
    issues,
  );
}

/** DeleteOptions from a decoded body. */
export function deleteOptionsFrom(body: Record<string, unknown>): DeleteOptions {
  const dryRun = (body.dryRun ?? []) as string[];
  return checkedDelete(
    {
      dryRun: dryRun.length > 0,
      gracePeriodSeconds: body.gracePeriodSeconds as number | undefined,
      propagationPolicy: body.propagationPolicy as PropagationPolicy | undefined,
      orphanDependents: body.orphanDependents as boolean | undefined,
      preconditions: body.preconditions as DeleteOptions['preconditions'],
    },
    dryRunIssues(dryRun),
  );
}

function checkedDelete(options: DeleteOptions, dryRun: readonly Issue[]): DeleteOptions {
  const { propagationPolicy: policy, orphanDependents } = options;
  const issues: Issue[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    issues.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    const supported = ['Foreground', 'Background', 'Orphan', 'nil'].map((each) => `"${each}"`).join(', ');
    issues.push({
      type: 'notSupported',
      field: 'propagationPolicy',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: ${supported}`,
    });
  }
  issues.push(...dryRun);
  if (issues.length > 0) throw invalidOptions('DeleteOptions', issues);
  return options;
}

/** A query parameter that Go parses by strconv.ParseInt. */
export function wholeNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
