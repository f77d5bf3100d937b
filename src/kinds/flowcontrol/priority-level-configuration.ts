// PriorityLevelConfiguration: how much of the server requests of a level may take, and what happens to those beyond.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { conditionTypeIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type {
  LimitResponse,
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  PriorityLevelConfiguration as Shape,
} from '../generated/types/flowcontrol-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';

export type PriorityLevelConfiguration = Shape;

export const PriorityLevelConfiguration = defineKind<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'PriorityLevelConfiguration',
  {
    applyDefaults({ spec }) {
      if (spec?.limited) applyLimitDefaults(spec.limited);
      if (spec?.exempt) {
        spec.exempt.nominalConcurrencyShares ??= 0;
        spec.exempt.lendablePercent ??= 0;
      }
    },
    prepareForCreate(level) {
      level.status = {};
    },
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: levelIssues,
    validateUpdate: levelIssues,
    validateStatusUpdate: ({ status }) => conditionTypeIssues(status?.conditions),
    columns: [
      nameColumn,
      textColumn('Type', specField('type'), ({ spec }) => spec?.type ?? ''),
      textColumn('NominalConcurrencyShares', limitedField('nominalConcurrencyShares'), ({ spec }) => {
        return spec?.limited ? (spec.limited.nominalConcurrencyShares ?? 0) : '<none>';
      }),
      textColumn('Queues', queuingField('queues'), ({ spec }) => queuingCell(spec, 'queues')),
      textColumn('HandSize', queuingField('handSize'), ({ spec }) => queuingCell(spec, 'handSize')),
      textColumn('QueueLengthLimit', queuingField('queueLengthLimit'), ({ spec }) => {
        return queuingCell(spec, 'queueLengthLimit');
      }),
      ageColumn,
    ],
  },
);

function specField(field: string) {
  return { type: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec', field };
}

function limitedField(field: string) {
  return { type: 'io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration', field };
}

function queuingField(field: string) {
  return { type: 'io.k8s.api.flowcontrol.v1.QueuingConfiguration', field };
}

type Queuing = NonNullable<LimitResponse['queuing']>;

const queuingCell = (spec: PriorityLevelConfigurationSpec | undefined, name: keyof Queuing): string | number =>
  spec?.limited?.limitResponse?.queuing?.[name] ?? '<none>';

function applyLimitDefaults(limited: LimitedPriorityLevelConfiguration): void {
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
}

/** Of an older version only, where no shares and none given could not be told apart. */
const zeroSharesAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

function levelIssues({ metadata, spec = {} as PriorityLevelConfigurationSpec }: PriorityLevelConfiguration): Issue[] {
  const { type = '' as never, limited, exempt } = spec;
  const issues: Issue[] = [];
  if (metadata.annotations?.[zeroSharesAnnotation] !== undefined) {
    issues.push(forbiddenField('metadata.annotations', `annotation '${zeroSharesAnnotation}' is forbidden`));
  }
  if ((type === 'Exempt') !== (metadata.name === 'exempt')) {
    issues.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited) issues.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt) {
      issues.push(...sharesIssues(exempt.nominalConcurrencyShares, 'spec.exempt.nominalConcurrencyShares'));
      issues.push(...percentIssues(exempt.lendablePercent, 'spec.exempt.lendablePercent'));
    }
  } else if (type === 'Limited') {
    if (exempt) issues.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'));
    if (limited) issues.push(...limitedIssues(limited, 'spec.limited'));
    else issues.push(required('spec.limited', 'must not be empty when type is Limited'));
  } else issues.push(notSupported('spec.type', type, ['Exempt', 'Limited']));
  return [...issues, ...fixedIssues(metadata.name, spec)];
}

const sharesIssues = (shares: number | undefined, field: string): Issue[] =>
  (shares ?? 0) < 0 ? [invalid(field, shares, 'must be a non-negative integer')] : [];

const percentIssues = (value: number | undefined, field: string): Issue[] =>
  value !== undefined && (value < 0 || value > 100)
    ? [invalid(field, value, 'must be between 0 and 100, inclusive')]
    : [];

function limitedIssues(limited: LimitedPriorityLevelConfiguration, field: string): Issue[] {
  const { nominalConcurrencyShares: shares, borrowingLimitPercent: borrowing, limitResponse } = limited;
  return [
    ...sharesIssues(shares, `${field}.nominalConcurrencyShares`),
    ...responseIssues(limitResponse, `${field}.limitResponse`),
    ...percentIssues(limited.lendablePercent, `${field}.lendablePercent`),
    ...(borrowing !== undefined && borrowing < 0
      ? [invalid(`${field}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

function responseIssues(response: LimitResponse | undefined, field: string): Issue[] {
  const { type = '', queuing } = response ?? {};
  if (type === 'Reject') {
    return queuing
      ? [forbiddenField(`${field}.queuing`, 'must be nil if limited.limitResponse.type is not Limited')]
      : [];
  }
  if (type !== 'Queue') return [notSupported(`${field}.type`, type, ['Queue', 'Reject'])];
  if (!queuing) return [required(`${field}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')];
  return queuingIssues(queuing, `${field}.queuing`);
}

const mostQueues = 10_000_000;
const largestHash = 60;

function queuingIssues({ queues, handSize, queueLengthLimit }: Queuing, field: string): Issue[] {
  const issues: Issue[] = [];
  if (queueLengthLimit <= 0) issues.push(invalid(`${field}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) issues.push(invalid(`${field}.queues`, queues, 'must be positive'));
  else if (queues > mostQueues) {
    issues.push(invalid(`${field}.queues`, queues, `must not be greater than ${mostQueues}`));
  }
  if (handSize <= 0) issues.push(invalid(`${field}.handSize`, handSize, 'must be positive'));
  else if (handSize > queues) {
    issues.push(invalid(`${field}.handSize`, handSize, `should not be greater than queues (${queues})`));
  } else {
    const bits = entropyBits(queues, handSize);
    if (bits > largestHash) {
      const rule = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${largestHash}`;
      issues.push(invalid(`${field}.handSize`, handSize, rule));
    }
  }
  return issues;
}

/** How much of a hash it takes to deal a hand of queues. */
function entropyBits(queues: number, handSize: number): number {
  let bits = 0;
  for (let i = 0; i < handSize; i++) bits += Math.log2(queues - i);
  return Math.ceil(bits);
}

const catchAll = {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
};

/** The two that are always there are always the same, but for how much of the exempt one may be lent. */
function fixedIssues(name: string | undefined, spec: PriorityLevelConfigurationSpec): Issue[] {
  if (name === 'catch-all' && !deepEqual(spec, catchAll)) {
    return [invalid('spec', internalSpec(spec), "spec of 'catch-all' must equal the fixed value")];
  }
  const { exempt: _, ...rest } = spec;
  if (name !== 'exempt' || deepEqual(rest, { type: 'Exempt' })) return [];
  const rule = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value";
  return [invalid('spec', internalSpec(spec), rule)];
}

/** The specification as the API server has it inside, which refusals print. */
const internalSpec = ({ type, limited, exempt }: PriorityLevelConfigurationSpec) => ({
  Type: type,
  Limited: limited
    ? {
        NominalConcurrencyShares: limited.nominalConcurrencyShares ?? 0,
        LimitResponse: {
          Type: limited.limitResponse?.type ?? '',
          Queuing: limited.limitResponse?.queuing
            ? {
                Queues: limited.limitResponse.queuing.queues,
                HandSize: limited.limitResponse.queuing.handSize,
                QueueLengthLimit: limited.limitResponse.queuing.queueLengthLimit,
              }
            : null,
        },
        LendablePercent: limited.lendablePercent ?? null,
        BorrowingLimitPercent: limited.borrowingLimitPercent ?? null,
      }
    : null,
  Exempt: exempt
    ? {
        NominalConcurrencyShares: exempt.nominalConcurrencyShares ?? null,
        LendablePercent: exempt.lendablePercent ?? null,
      }
    : null,
});
