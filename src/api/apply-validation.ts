// What is wrong with an applied configuration, in the words of upstream's structured merge.

import { isJsonObject } from '../base/equal.ts';
import { isNumeric } from '../base/whole-number.ts';
import { goSyntax, goText, goType } from './go-text.ts';
import { pathText } from './field-set.ts';
import { elementOf, elementProblem } from './list-elements.ts';
import { childSchema, isDeclared } from './object-fields.ts';
import type { ListSchema, ScalarSchema, Schema } from './schema.ts';

/** All problems as one text; undefined for none. Lists that are sets or maps must not hold an entry twice. */
export function configurationProblem(config: object, schema: Schema): string | undefined {
  const problems = problemsOf(config, schema).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  if (problems.length < 2) return problems[0];
  return ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n');
}

/** Whether a value is what its schema says, but for entries that are there twice. */
export const fits = (value: object, schema: Schema): boolean =>
  problemsOf(value, schema).every(({ repetition }) => repetition);

interface Problem {
  readonly path: string;
  readonly message: string;
  readonly repetition?: boolean;
}

const problem = (message: string): Problem => ({ path: '', message });

const below = (element: string, problems: readonly Problem[]): Problem[] =>
  problems.map(({ path, ...rest }) => ({ path: `${element}${path}`, ...rest }));

function problemsOf(value: unknown, schema: Schema): Problem[] {
  if (value === null || value === undefined || schema.type === 'any') return [];
  if (schema.type === 'list') {
    return Array.isArray(value) ? itemProblems(value, schema) : [problem(`expected list, got &{${goText(value)}}`)];
  }
  if (schema.type === 'object' || schema.type === 'map') {
    return isJsonObject(value) ? fieldProblems(value, schema) : [problem(`expected map, got &{${goText(value)}}`)];
  }
  return scalarProblems(value, schema);
}

function fieldProblems(value: Readonly<Record<string, unknown>>, schema: Schema): Problem[] {
  const problems: Problem[] = [];
  for (const [name, child] of Object.entries(value)) {
    if (schema.type === 'object' && !schema.open && !isDeclared(schema, name)) {
      return [...problems, { path: `.${name}`, message: 'field not declared in schema' }];
    }
    problems.push(...below(`.${name}`, problemsOf(child, childSchema(schema, name))));
  }
  return problems;
}

function itemProblems(items: readonly unknown[], schema: ListSchema): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const element = schema.listType === 'atomic' ? `i:${i}` : elementOf(schema, item);
    if (element === undefined) return [...problems, problem(`element ${i}: ${elementProblem(schema, item)}`)];
    const path = pathText([element]);
    if (seen.has(element)) problems.push({ ...problem(`duplicate entries for key ${path}`), repetition: true });
    seen.add(element);
    problems.push(...below(path, problemsOf(item, schema.items)));
  }
  return problems;
}

function scalarProblems(value: unknown, { type }: ScalarSchema): Problem[] {
  switch (type) {
    case 'int32':
    case 'int64':
    case 'double':
      return isNumeric(value) ? [] : [problem(`expected numeric (int or float), got ${goType(value)}`)];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [problem(`expected boolean, got &{${goText(value)}}`)];
    case 'quantity':
    case 'intOrString':
      return typeof value === 'object' ? [problem(`expected any scalar, got &{${goText(value)}}`)] : [];
    default:
      if (typeof value === 'string') return [];
      return [problem(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`)];
  }
}
