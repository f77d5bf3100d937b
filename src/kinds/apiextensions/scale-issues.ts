// What is wrong with the numbers that a custom resource's scale is read from.

import { type Issue, invalid } from '../../api/issues.ts';
import type { ScalePaths } from '../../api/kind.ts';

const most = 2 ** 31 - 1;

/** `status`: what the scale shows, `spec`: what it asks for. */
export function scaleIssues(object: object, paths: ScalePaths, parts: readonly ('spec' | 'status')[]): Issue[] {
  return [
    ...(parts.includes('spec') ? replicasIssues(object, paths.replicas) : []),
    ...(parts.includes('status') ? replicasIssues(object, paths.statusReplicas) : []),
    ...(parts.includes('status') && paths.selector ? selectorIssues(object, paths.selector) : []),
  ];
}

function replicasIssues(object: object, path: string): Issue[] {
  const [value, problem] = read(object, path, 'int64');
  if (problem) return [invalid(path, 0, problem)];
  if (typeof value !== 'number') return [];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > most ? [invalid(path, value, `should be less than or equal to ${most}`)] : [];
}

function selectorIssues(object: object, path: string): Issue[] {
  const [, problem] = read(object, path, 'string');
  return problem ? [invalid(path, '', problem)] : [];
}

/** The value, or why there is none of this type. */
function read(object: object, path: string, wanted: 'int64' | 'string'): [value: unknown, problem?: string] {
  const steps = path.replace(/^\./, '').split('.');
  let value: unknown = object;
  for (const [i, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [undefined, mistyped(steps.slice(0, i + 1), value, 'map[string]interface {}')];
    }
    value = (value as Record<string, unknown>)[step];
    if (value === undefined) return [undefined];
  }
  const fits = wanted === 'string' ? typeof value === 'string' : Number.isInteger(value);
  return fits ? [value] : [undefined, mistyped(steps, value, wanted)];
}

function mistyped(steps: readonly string[], value: unknown, wanted: string): string {
  return `.${steps.join('.')} accessor error: ${shown(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`;
}

const shown = (value: unknown): string =>
  value === null ? '<nil>' : typeof value === 'string' ? value : JSON.stringify(value);

function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'map[string]interface {}';
}
