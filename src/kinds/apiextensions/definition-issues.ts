// What is wrong with the definition of a custom resource, outside of its schemas.

import { deepEqual } from '../../base/equal.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, duplicate, forbiddenField, invalid, notSupported, required, tooMany } from '../../api/issues.ts';
import { choiceIssues, complain, immutable } from '../checks.ts';
import { approvalAnnotation, approvalOf } from './approval.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../generated/types/apiextensions-v1.ts';
import { webhookClientIssues } from '../webhook-client.ts';
import { pathProblem, valuesAt } from './field-path.ts';
import { schemaIssues } from './schema-issues.ts';
import { type JsonSchema, isIntOrString } from './structural.ts';

/** On create; the name never changes. */
export const newDefinitionIssues = (definition: CustomResourceDefinition): Issue[] => [
  ...nameIssues(definition),
  ...definitionIssues(definition),
];

/** Where there was a definition before, schemas that are as they were may cost what they cost. */
export function definitionIssues(definition: CustomResourceDefinition, previous?: CustomResourceDefinition): Issue[] {
  const { spec } = definition;
  const versions = spec.versions ?? [];
  const names = spec.names ?? { plural: '', kind: '' };
  return [
    ...groupIssues(spec.group ?? ''),
    ...choiceIssues(spec.scope, 'spec.scope', ['Cluster', 'Namespaced']),
    ...versionsIssues(versions),
    ...namesIssues(names),
    ...perVersion(versions, previous?.spec.versions ?? []),
    ...conversionIssues(spec.conversion, 'spec.conversion'),
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

function versionsIssues(versions: readonly CustomResourceDefinitionVersion[]): Issue[] {
  const issues: Issue[] = [];
  versions.forEach(({ name = '', schema, deprecated, deprecationWarning }, i) => {
    const field = `spec.versions[${i}]`;
    if (!schema?.openAPIV3Schema) issues.push(required(`${field}.schema.openAPIV3Schema`));
    issues.push(...complain(`${field}.name`, name, isDns1035Label));
    if (versions.findIndex((other) => other.name === name) < i) {
      issues.push(invalid('spec.versions', versions.map(internalVersion), 'must contain unique version names'));
    }
    issues.push(...warningIssues(deprecated ?? false, deprecationWarning, `${field}.deprecationWarning`));
  });
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const shown = versions.length > 0 ? versions.map(internalVersion) : null;
    issues.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'));
  }
  return issues;
}

function warningIssues(deprecated: boolean, text: string | undefined, field: string): Issue[] {
  if (text === undefined) return [];
  if (!deprecated) return [invalid(field, text, 'can only be set for deprecated versions')];
  if (text.length > 256) return [{ type: 'tooLong', field, message: 'Too long: may not be more than 256 bytes' }];
  return text === '' ? [invalid(field, text, 'must not be empty')] : [];
}

const internalVersion = (version: CustomResourceDefinitionVersion) => ({
  Name: version.name ?? '',
  Served: version.served ?? false,
  Storage: version.storage ?? false,
  Deprecated: version.deprecated ?? false,
  DeprecationWarning: version.deprecationWarning ?? null,
  Schema: version.schema ?? null,
  Subresources: version.subresources ?? null,
  AdditionalPrinterColumns: version.additionalPrinterColumns ?? null,
  SelectableFields: version.selectableFields ?? null,
});

function namesIssues(names: CustomResourceDefinitionNames, field = 'spec.names'): Issue[] {
  const issues: Issue[] = (['plural', 'singular', 'kind', 'listKind'] as const)
    .filter((part) => !names[part])
    .map((part) => required(`${field}.${part}`));
  const label = (place: string, value: string | undefined) =>
    value && issues.push(...complain(`${field}.${place}`, value, isDns1035Label));
  const mixed = (place: 'kind' | 'listKind') => {
    const value = names[place];
    for (const rule of value ? isDns1035Label(value.toLowerCase()) : []) {
      issues.push(invalid(`${field}.${place}`, value, `may have mixed case, but should otherwise match: ${rule}`));
    }
  };
  label('plural', names.plural);
  label('singular', names.singular);
  mixed('kind');
  mixed('listKind');
  (names.shortNames ?? []).forEach((name, i) => label(`shortNames[${i}]`, name));
  if (names.kind && names.kind === names.listKind) {
    issues.push(invalid(`${field}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  }
  (names.categories ?? []).forEach((name, i) => label(`categories[${i}]`, name));
  return issues;
}

/** What all versions have alike is complained of once, in the place it had when there were no versions. */
function perVersion(
  versions: readonly CustomResourceDefinitionVersion[],
  previous: readonly CustomResourceDefinitionVersion[],
): Issue[] {
  const isUnchanged = ({ name, schema }: CustomResourceDefinitionVersion) =>
    previous.some((before) => before.name === name && deepEqual(before.schema, schema));
  const alike = (part: keyof CustomResourceDefinitionVersion) =>
    versions.length > 0 && versions.every((version) => deepEqual(version[part], versions[0]?.[part]));
  const each = (
    part: keyof CustomResourceDefinitionVersion,
    place: string,
    check: (version: CustomResourceDefinitionVersion, field: string) => Issue[],
  ): Issue[] => {
    const [first] = versions;
    if (first && alike(part)) return check(first, `spec.${place}`);
    return versions.flatMap((version, i) => check(version, `spec.versions[${i}].${part}`));
  };
  return [
    ...each('additionalPrinterColumns', 'additionalPrinterColumns', columnIssues),
    ...each('schema', 'validation', (version, field) => {
      const schema = version.schema?.openAPIV3Schema;
      return schema ? schemaIssues(schema, `${field}.openAPIV3Schema`, isUnchanged(version)) : [];
    }),
    ...each('subresources', 'subresources', subresourceIssues),
    ...each('selectableFields', 'selectableFields', selectableIssues),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function columnIssues({ additionalPrinterColumns }: CustomResourceDefinitionVersion, field: string): Issue[] {
  return (additionalPrinterColumns ?? []).flatMap(({ name, type, format, jsonPath }, i) => {
    const place = `${field}[${i}]`;
    const issues = name ? [] : [required(`${place}.name`)];
    issues.push(...choiceIssues(type, `${place}.type`, columnTypes));
    if (format && !columnFormats.includes(format)) {
      issues.push(notSupported(`${place}.format`, format, columnFormats));
    }
    if (!jsonPath) issues.push(required(`${place}.JSONPath`));
    return issues;
  });
}

function subresourceIssues({ subresources }: CustomResourceDefinitionVersion, field: string): Issue[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const path = (name: 'specReplicasPath' | 'statusReplicasPath' | 'labelSelectorPath', under: readonly string[]) => {
    const value = scale[name];
    const place = `${field}.scale.${name}`;
    if (!value) return name === 'labelSelectorPath' ? [] : [required(place)];
    if (under.some((root) => value.startsWith(root))) return [];
    return [invalid(place, value, `should be a json path under ${under.join(' or ')}`)];
  };
  return [
    ...path('specReplicasPath', ['.spec']),
    ...path('statusReplicasPath', ['.status']),
    ...path('labelSelectorPath', ['.spec', '.status']),
  ];
}

const mostSelectable = 8;

function selectableIssues({ selectableFields, schema }: CustomResourceDefinitionVersion, field: string): Issue[] {
  const fields = selectableFields ?? [];
  if (fields.length > mostSelectable) return [tooMany(field, fields.length, mostSelectable)];
  return fields.flatMap(({ jsonPath }, i) => {
    const place = `${field}[${i}].jsonPath`;
    if (!jsonPath) return [required(place)];
    const problem = pathProblem(jsonPath) ?? targetProblem(jsonPath, schema?.openAPIV3Schema);
    if (problem) return [invalid(place, jsonPath, problem)];
    const again = fields.findIndex((other) => other.jsonPath === jsonPath) < i;
    return again ? [duplicate(place, jsonPath)] : [];
  });
}

const selectableTypes = ['string', 'boolean', 'integer'];

function targetProblem(path: string, schema: JsonSchema | undefined): string | undefined {
  const target = valuesAt(schema, path.replace(/\.([^.[]+)/g, '.properties.$1'))[0] as JsonSchema | undefined;
  if (!target || path.startsWith('.metadata')) return 'is an invalid path: does not refer to a valid field';
  if (selectableTypes.includes(target.type ?? '') && !isIntOrString(target)) return undefined;
  return 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
}

function conversionIssues(conversion: CustomResourceConversion | undefined, field: string): Issue[] {
  const { strategy, webhook } = conversion ?? { strategy: 'None' };
  const issues: Issue[] = choiceIssues(strategy, `${field}.strategy`, ['None', 'Webhook']);
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    const client = webhook?.clientConfig;
    if (client) issues.push(...webhookClientIssues(client, `${field}.webhookClientConfig`));
    else issues.push(required(`${field}.webhookClientConfig`, 'required when strategy is set to Webhook'));
    issues.push(...reviewVersionIssues(versions, `${field}.conversionReviewVersions`));
  } else if (webhook) {
    const rule = 'should not be set when strategy is not set to Webhook';
    if (webhook.clientConfig) issues.push(forbiddenField(`${field}.webhookClientConfig`, rule));
    if (versions.length > 0) issues.push(forbiddenField(`${field}.conversionReviewVersions`, rule));
  }
  return issues;
}

export const reviewVersions = ['v1', 'v1beta1'];

/** Also for admission webhooks, which speak the same versions. */
export function reviewVersionIssues(versions: readonly string[], field: string): Issue[] {
  if (versions.length === 0) return [required(field)];
  const issues = versions.flatMap((version, i) => [
    ...complain(`${field}[${i}]`, version, isDns1035Label),
    ...(versions.indexOf(version) < i ? [invalid(`${field}[${i}]`, version, 'duplicate version')] : []),
  ]);
  if (issues.length > 0 || versions.some((version) => reviewVersions.includes(version))) return issues;
  return [invalid(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}

function storedIssues({ spec, status }: CustomResourceDefinition): Issue[] {
  const stored = status?.storedVersions ?? [];
  const field = 'status.storedVersions';
  if (stored.length === 0)
    return [invalid(field, status?.storedVersions ?? null, 'must have at least one stored version')];
  return stored.flatMap((version, i) =>
    (spec.versions ?? []).some(({ name }) => name === version)
      ? []
      : [
          invalid(
            `${field}[${i}]`,
            version,
            'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'.replaceAll(
              'v1',
              version,
            ),
          ),
        ],
  );
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
