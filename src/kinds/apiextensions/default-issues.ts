// What is wrong with the defaults of a schema: they know no unknown fields, fit the schema, and make good metadata where they stand in it.

import { type Issue, invalid } from '../../api/issues.ts';
import { embeddedIssues, misreadIssue } from './embedded-issues.ts';
import { judgeOf } from './judge.ts';
import { fill, hasUnknown } from './read.ts';
import { type JsonSchema, isEmbedded, itemsOf } from './structural.ts';
import { valueIssues } from './value-issues.ts';

interface Place {
  readonly field: string;
  /** What every object has. */
  readonly isMetadata: boolean;
  /** The resource around a value that stands here. */
  readonly around: (value: unknown) => unknown;
}

const resource = (value: unknown): unknown => ({
  apiVersion: 'validation/v1',
  kind: 'Validation',
  ...(value as Record<string, unknown>),
});

const head = new Set(['apiVersion', 'kind', 'metadata']);

/** Of the schema of a whole resource. */
export const defaultIssues = (schema: JsonSchema, field: string): Issue[] =>
  issuesAt(schema, { field, isMetadata: false, around: resource }, true);

function issuesAt(schema: JsonSchema, place: Place, isRoot = false): Issue[] {
  const isResource = isRoot || isEmbedded(schema);
  const { field, isMetadata, around } = isResource ? { ...place, isMetadata: false, around: resource } : place;
  const items = itemsOf(schema);
  const own = schema.default === undefined ? [] : ownIssues(schema, { field, isMetadata, around }, isResource);
  return [
    ...own,
    ...(items ? issuesAt(items, { field: `${field}.items`, isMetadata, around: (value) => around([value]) }) : []),
    ...Object.entries(schema.properties ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, property]) =>
        issuesAt(property, {
          field: `${field}.properties[${name}]`,
          isMetadata: isMetadata || (isResource && head.has(name)),
          around: (value) => around({ [name]: value }),
        }),
      ),
  ];
}

function ownIssues(schema: JsonSchema, place: Place, isResource: boolean): readonly Issue[] {
  const { default: value, ...rest } = schema;
  const field = `${place.field}.default`;
  const filled: unknown = structuredClone(value);
  fill(filled, {});
  if (place.isMetadata) {
    const problem = metadataProblem(place.around(filled));
    if (problem !== undefined) return [invalid(field, value, `must result in valid metadata: ${problem}`)];
    return valueAndRuleIssues(filled, rest, isResource, field);
  }
  const unknown = hasUnknown(value, rest) ? [invalid(field, value, 'must not have unknown fields')] : [];
  const misread = misreadIssue(filled, rest, field, isResource);
  const found = misread ? [misread] : embeddedIssues(filled, rest, field, isResource);
  // Where there are unknown fields, the values of those that are known are not looked at.
  if (found.length > 0 || unknown.length > 0) return [...unknown, ...found];
  return valueAndRuleIssues(filled, rest, isResource, field);
}

/** A default must hold as a value that stays, and as one that is new. */
function valueAndRuleIssues(value: unknown, schema: JsonSchema, isResource: boolean, path: string): readonly Issue[] {
  const found = valueIssues(value, schema, '');
  if (found.length > 0) {
    return found.map((issue) => ({ ...issue, field: issue.field ? `${path}.${issue.field}` : path }));
  }
  const judge = judgeOf(schema, isResource);
  if (!judge) return [];
  const { issues } = judge(value, value, { path });
  return issues.length > 0 ? issues : judge(value, undefined, { path }).issues;
}

/** What is wrong with what every object has, in one sentence. */
function metadataProblem(object: unknown): string | undefined {
  const misread = misreadIssue(object, {}, '', true);
  const issues = misread ? [misread] : embeddedIssues(object, {}, '', true);
  const texts = issues.map(({ field, message }) => `${field}: ${message}`);
  return texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
}
