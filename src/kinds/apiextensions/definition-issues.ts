// What is wrong with the definition of a custom resource, outside of its schemas.

import { utf8Length } from '../../base/bytes.ts';
import { deepEqual } from '../../base/equal.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, duplicate, forbiddenField, invalid, required, tooMany } from '../../api/issues.ts';
import { choiceIssues, complain, immutable } from '../checks.ts';
import { approvalAnnotation, approvalOf } from './approval.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../generated/types/apiextensions-v1.ts';
import { webhookClientIssues } from '../webhook-client.ts';
import { internalSchema, internalVersion } from './internal-form.ts';
import { followPath } from './rule-path.ts';
import { schemaIssues } from './schema-issues.ts';
import type { JsonSchema } from './structural.ts';

/** On create; the name never changes. */
export const newDefinitionIssues = (definition: CustomResourceDefinition): Issue[] => [
  ...nameIssues(definition),
  ...definitionIssues(definition),
];

/** Where there was a definition before, what was accepted once may stay as it is. */
export function definitionIssues(definition: CustomResourceDefinition, previous?: CustomResourceDefinition): Issue[] {
  const { spec, status } = definition;
  return [
    ...groupIssues(spec.group ?? ''),
    ...choiceIssues(spec.scope, 'spec.scope', ['Cluster', 'Namespaced']),
    ...versionsIssues(spec.versions ?? [], spec.names, previous?.spec.versions ?? []),
    ...conversionIssues(spec.conversion, previous?.spec.conversion),
    ...namesIssues(status?.acceptedNames ?? {}, 'status.acceptedNames'),
    ...storedIssues(definition),
    ...approvalIssues(definition),
  ];
}

function nameIssues({ metadata, spec }: CustomResourceDefinition): Issue[] {
  const expected = `${spec.names?.plural ?? ''}.${spec.group ?? ''}`;
  const rule = 'must be spec.names.plural+"."+spec.group';
  return (['generateName', 'name'] as const).flatMap((part) =>
    metadata[part] && metadata[part] !== expected ? [invalid(`metadata.${part}`, metadata[part], rule)] : [],
  );
}

function groupIssues(group: string): Issue[] {
  if (!group) return [required('spec.group')];
  const issues = complain('spec.group', group, isDns1123Subdomain);
  if (issues.length > 0 || group.includes('.')) return issues;
  return [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

type Version = CustomResourceDefinitionVersion;
type Part = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';

/** What all versions have alike is complained of once, in the place it had when there were no versions. */
function versionsIssues(
  versions: readonly Version[],
  names: CustomResourceDefinitionNames | undefined,
  previous: readonly Version[],
): Issue[] {
  const [first] = versions;
  const isShared = (part: keyof Version) =>
    first !== undefined && versions.every((version) => deepEqual(version[part], first[part]));
  const partsOf = (version: Version, field: string, isTop: boolean) =>
    partIssues(version, field, isTop, (part) => isShared(part) === isTop, versions, previous);
  const shown = () => (versions.length > 0 ? versions.map((version) => internalVersion(version, isShared)) : null);
  const distinct = new Set(versions.map(({ name }) => name));
  return [
    ...versions.flatMap(({ schema }, i) =>
      schema?.openAPIV3Schema ? [] : [required(`spec.versions[${i}].schema.openAPIV3Schema`)],
    ),
    ...versions.flatMap((version, i) => [
      ...complain(`spec.versions[${i}].name`, version.name ?? '', isLabel),
      ...warningIssues(version, `spec.versions[${i}].deprecationWarning`),
      ...partsOf(version, `spec.versions[${i}]`, false),
    ]),
    ...(distinct.size < versions.length
      ? [invalid('spec.versions', shown(), 'must contain unique version names')]
      : []),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [invalid('spec.versions', shown(), 'must have exactly one version marked as storage version')]),
    ...(first?.name ? complain('spec.version', first.name, isLabel) : []),
    ...requiredNames(names ?? {}),
    ...namesIssues(names ?? {}, 'spec.names'),
    ...(first ? partsOf(first, 'spec', true) : []),
  ];
}

/** Several mistakes in a name are told in one sentence. */
const isLabel = (name: string): string[] => {
  const rules = isDns1035Label(name);
  return rules.length > 0 ? [rules.join(',')] : [];
};

function warningIssues({ deprecated = false, deprecationWarning: text }: Version, field: string): Issue[] {
  if (text === undefined) return [];
  const complaint = (rule: string) => invalid(field, text, rule);
  if (!deprecated) return [complaint('can only be set for deprecated versions')];
  const issues: Issue[] = [];
  if (utf8Length(text) > 256) issues.push(complaint('must be <= 256 characters long'));
  if (text === '') issues.push(complaint('must not be an empty string'));
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (odd) {
    const at = utf8Length(text.slice(0, odd.index));
    const rule = `must only contain printable UTF-8 characters; non-printable character found at index ${at}`;
    issues.push(complaint(rule));
  }
  return issues;
}

function partIssues(
  version: Version,
  field: string,
  isTop: boolean,
  isHere: (part: Part) => boolean,
  versions: readonly Version[],
  previous: readonly Version[],
): Issue[] {
  const before = previous.find(({ name }) => name === version.name);
  const schema = version.schema?.openAPIV3Schema;
  const place = `${field}.${isTop ? 'validation' : 'schema'}.openAPIV3Schema`;
  const hasStatus = (isTop ? versions : [version]).some(({ subresources }) => subresources?.status);
  const isUnchanged = before !== undefined && deepEqual(before.schema, version.schema);
  return [
    ...(isHere('schema') && schema
      ? [...(hasStatus ? rootIssues(schema, place) : []), ...schemaIssues(schema, place, isUnchanged)]
      : []),
    ...(isHere('subresources') ? subresourceIssues(version, `${field}.subresources`) : []),
    ...(isHere('additionalPrinterColumns') ? columnIssues(version, `${field}.additionalPrinterColumns`) : []),
    ...(isHere('selectableFields') ? selectableIssues(version, before, `${field}.selectableFields`) : []),
  ];
}

const rootWords =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';

/** The status is looked at by itself: what is said at the root of its schema must not be lost by that. */
function rootIssues(schema: JsonSchema, field: string): Issue[] {
  const { type } = schema;
  const shown = internalSchema(schema);
  const when = 'at the root of the schema if the status subresource is enabled';
  for (const [word, value] of Object.entries(shown)) {
    if (value === null || value === '' || value === false) continue;
    if (word === 'Type' && type !== 'object')
      return [invalid(`${field}.type`, type, `only "object" is allowed as the type ${when}`)];
    if (!rootWords.split(' ').includes(word))
      return [invalid(field, shown, `only [${rootWords}] fields are allowed ${when}`)];
  }
  return [];
}

const requiredNames = (names: Partial<CustomResourceDefinitionNames>): Issue[] =>
  (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((part) => !names[part])
    .map((part) => required(`spec.names.${part}`));

function namesIssues(names: Partial<CustomResourceDefinitionNames>, field: string): Issue[] {
  const { plural, singular, kind, listKind, shortNames, categories } = names;
  const label = (place: string, value: string | undefined) =>
    value ? complain(`${field}.${place}`, value, isLabel) : [];
  const mixed = (place: string, value: string | undefined) =>
    value
      ? isLabel(value.toLowerCase()).map((rule) =>
          invalid(`${field}.${place}`, value, `may have mixed case, but should otherwise match: ${rule}`),
        )
      : [];
  return [
    ...label('plural', plural),
    ...label('singular', singular),
    ...mixed('kind', kind),
    ...mixed('listKind', listKind),
    ...(shortNames ?? []).flatMap((name, i) => complain(`${field}.shortNames[${i}]`, name, isLabel)),
    ...(kind && kind === listKind
      ? [invalid(`${field}.listKind`, listKind, 'kind and listKind may not be the same')]
      : []),
    ...(categories ?? []).flatMap((name, i) => complain(`${field}.categories[${i}]`, name, isLabel)),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function columnIssues({ additionalPrinterColumns }: Version, field: string): Issue[] {
  return (additionalPrinterColumns ?? []).flatMap(({ name, type, format, jsonPath }, i) => {
    const place = `${field}[${i}]`;
    const oneOf = (choices: readonly string[]) => `must be one of ${choices.join(',')}`;
    const issues = name ? [] : [required(`${place}.name`)];
    if (!type) issues.push(required(`${place}.type`, oneOf(columnTypes)));
    else if (!columnTypes.includes(type)) issues.push(invalid(`${place}.type`, type, oneOf(columnTypes)));
    if (format && !columnFormats.includes(format))
      issues.push(invalid(`${place}.format`, format, oneOf(columnFormats)));
    if (!jsonPath) issues.push(required(`${place}.JSONPath`));
    else issues.push(...simplePathIssues(jsonPath, `${place}.JSONPath`));
    return issues;
  });
}

const simplePathIssues = (path: string, field: string): Issue[] =>
  path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];

function subresourceIssues({ subresources }: Version, field: string): Issue[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const path = (name: 'specReplicasPath' | 'statusReplicasPath' | 'labelSelectorPath', under: readonly string[]) => {
    const value = scale[name];
    const place = `${field}.scale.${name}`;
    if (!value) return name === 'labelSelectorPath' ? [] : [required(place)];
    const issues = simplePathIssues(value, place);
    if (issues.length > 0 || under.some((root) => value.startsWith(`${root}.`))) return issues;
    const where = under.length > 1 ? `either ${under.join(' or ')}` : under.join();
    return [invalid(place, value, `should be a json path under ${where}`)];
  };
  return [
    ...path('specReplicasPath', ['.spec']),
    ...path('statusReplicasPath', ['.status']),
    ...path('labelSelectorPath', ['.spec', '.status']),
  ];
}

const mostSelectable = 8;
const selectableTypes = ['string', 'boolean', 'integer'];

function selectableIssues({ selectableFields, schema }: Version, before: Version | undefined, field: string): Issue[] {
  const paths = new Set<string>();
  const issues = (selectableFields ?? []).flatMap(({ jsonPath }, i) => {
    const place = `${field}[${i}].jsonPath`;
    if (!jsonPath) return [required(place)];
    const found = followPath(jsonPath, schema?.openAPIV3Schema ?? {}, false);
    if (typeof found === 'string') return [invalid(place, jsonPath, `is an invalid path: ${found}`)];
    const again = paths.has(found.path);
    paths.add(found.path);
    return [
      ...(found.root === 'metadata' ? [invalid(place, jsonPath, 'must not point to fields in metadata')] : []),
      ...(selectableTypes.includes(found.schema.type ?? '')
        ? []
        : [
            invalid(
              place,
              jsonPath,
              'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
            ),
          ]),
      ...(again ? [duplicate(place, jsonPath)] : []),
    ];
  });
  const isAccepted = paths.size <= mostSelectable || deepEqual(before?.selectableFields, selectableFields);
  return isAccepted ? issues : [...issues, tooMany(field, paths.size, mostSelectable)];
}

function conversionIssues(
  conversion: CustomResourceConversion | undefined,
  previous: CustomResourceConversion | undefined,
): Issue[] {
  const field = 'spec.conversion';
  const { strategy, webhook } = conversion ?? { strategy: 'None' };
  const before = previous?.webhook?.conversionReviewVersions ?? [];
  const mustBeKnown = before.length === 0 || before.some((version) => reviewVersions.includes(version));
  const issues: Issue[] = choiceIssues(strategy, `${field}.strategy`, ['None', 'Webhook']);
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    const client = webhook?.clientConfig;
    if (client) issues.push(...webhookClientIssues(client, `${field}.webhookClientConfig`));
    else issues.push(required(`${field}.webhookClientConfig`, 'required when strategy is set to Webhook'));
    issues.push(...reviewVersionIssues(versions, `${field}.conversionReviewVersions`, mustBeKnown));
  } else if (webhook) {
    const rule = 'should not be set when strategy is not set to Webhook';
    if (webhook.clientConfig) issues.push(forbiddenField(`${field}.webhookClientConfig`, rule));
    if (versions.length > 0) issues.push(forbiddenField(`${field}.conversionReviewVersions`, rule));
  }
  return issues;
}

export const reviewVersions = ['v1', 'v1beta1'];

/** Also for admission webhooks, which speak the same versions. */
export function reviewVersionIssues(versions: readonly string[], field: string, mustBeKnown = true): Issue[] {
  if (versions.length === 0) return [required(field)];
  const issues = versions.flatMap((version, i) =>
    versions.indexOf(version) < i
      ? [invalid(`${field}[${i}]`, version, 'duplicate version')]
      : complain(`${field}[${i}]`, version, isDns1035Label),
  );
  if (!mustBeKnown || versions.some((version) => reviewVersions.includes(version))) return issues;
  return [...issues, invalid(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}

function storedIssues({ spec, status }: CustomResourceDefinition): Issue[] {
  const stored = status?.storedVersions ?? [];
  const field = 'status.storedVersions';
  if (stored.length === 0)
    return [invalid(field, status?.storedVersions ?? null, 'must have at least one stored version')];
  const versions = spec.versions ?? [];
  const unlisted = versions.filter(({ name, storage }) => storage && !stored.includes(name));
  return [
    ...unlisted.map(({ name }) => invalid(field, stored, `must have the storage version ${name}`)),
    ...stored.flatMap((version, i) => {
      if (versions.some(({ name }) => name === version)) return [];
      const until = 'until a storage migration ensures no data remains persisted in';
      const was = `${version} was previously a storage version, and must remain in spec.versions`;
      const rule = `missing from spec.versions; ${was} ${until} ${version} and removes ${version} from status.storedVersions`;
      return [invalid(`${field}[${i}]`, version, rule)];
    }),
  ];
}

function approvalIssues({ metadata, spec }: CustomResourceDefinition): Issue[] {
  const approval = approvalOf(spec.group ?? '', metadata.annotations ?? {});
  const field = `metadata.annotations[${approvalAnnotation}]`;
  if (approval?.reason === 'MissingAnnotation') return [required(field, approval.message)];
  if (approval?.reason !== 'InvalidAnnotation') return [];
  return [invalid(field, metadata.annotations?.[approvalAnnotation], approval.message)];
}

export function definitionChangeIssues(next: CustomResourceDefinition, previous: CustomResourceDefinition): Issue[] {
  const established = previous.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const fixed = (field: string, value: unknown, before: unknown) => (value === before ? [] : [immutable(field, value)]);
  return [
    ...(established
      ? [
          ...fixed('spec.scope', next.spec.scope, previous.spec.scope),
          ...fixed('spec.names.kind', next.spec.names.kind, previous.spec.names.kind),
        ]
      : []),
    ...fixed('spec.group', next.spec.group, previous.spec.group),
    ...fixed('spec.names.plural', next.spec.names.plural, previous.spec.names.plural),
  ];
}
