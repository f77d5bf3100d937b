// x-kubernetes-validations: the rules of a schema, compiled. What they say of an object is in judge.ts.

import { compile, type Compiled, describe, type Program } from '../../languages/cel/cel.ts';
import { type Environment, environment, withVariables } from '../../languages/cel/environment.ts';
import { kubernetesOptions } from '../../languages/cel/library/kubernetes.ts';
import { atMost } from '../../languages/cel/sizes.ts';
import type { SizeOf } from '../../languages/cel/static-costs.ts';
import { optionalOf } from '../../languages/cel/types.ts';
import type { ValidationRule } from '../generated/types/apiextensions-v1.ts';
import type { Declared } from './declared.ts';
import { rulePath } from './rule-path.ts';
import type { JsonSchema } from './structural.ts';

/** An expression ready to run, with the most that a run can cost; or why there is none. */
export interface CompiledExpression {
  readonly program?: Program;
  readonly problem?: string;
  readonly cost: number;
}

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly condition: CompiledExpression;
  /** Missing where the rule has none, or its condition is broken. */
  readonly message?: CompiledExpression;
  readonly usesOldSelf: boolean;
  /** Where its failures are told of, below the value the rule stands at. */
  readonly path: string | undefined;
}

let kubernetes: Environment | undefined;

/** The rules that stand at a schema (not below it), by what it declares. */
export function compileRules(schema: JsonSchema, declared: Declared): CompiledRule[] {
  kubernetes ??= environment(kubernetesOptions);
  const { type } = declared;
  const before = withVariables(kubernetes, { self: type, oldSelf: type });
  const optional = withVariables(kubernetes, { self: type, oldSelf: optionalOf(type) });
  const sizes = sizesOf(declared);
  return (schema['x-kubernetes-validations'] ?? []).map((rule) =>
    compileRule(rule, schema, rule.optionalOldSelf ? optional : before, sizes),
  );
}

function compileRule(rule: ValidationRule, schema: JsonSchema, env: Environment, sizes: SizeOf): CompiledRule {
  const compiled = compile(rule.rule, env);
  const condition = expressionOf(compiled, sizes, 'bool', '', 'cel expression');
  const { messageExpression = '', fieldPath = '' } = rule;
  const message =
    messageExpression === '' || condition.problem !== undefined
      ? undefined
      : expressionOf(compile(messageExpression, env), sizes, 'string', 'messageExpression ', 'messageExpression');
  return {
    rule,
    condition,
    ...(message && { message }),
    usesOldSelf: condition.problem === undefined && mentions(compiled, 'oldSelf'),
    path: fieldPath === '' ? undefined : rulePath(fieldPath, schema),
  };
}

/** `prefix` and `name` are how complaints speak of it. */
function expressionOf(
  compiled: Compiled,
  sizes: SizeOf,
  wanted: 'bool' | 'string',
  prefix: string,
  name: string,
): CompiledExpression {
  const { program, type } = compiled;
  if (!program) return { problem: `${prefix}compilation failed: ${describe(compiled)}`, cost: 0 };
  if (type.kind !== wanted) return { problem: `${name} must evaluate to a ${wanted}`, cost: 0 };
  if (program.failure === undefined) return { program, cost: compiled.cost(sizes).max };
  return { problem: `${prefix || 'program '}instantiation failed: ${program.failure}`, cost: 0 };
}

function mentions({ checked }: Compiled, variable: string): boolean {
  for (const reference of checked?.references.values() ?? []) {
    if (reference.kind !== 'function' && reference.name === variable) return true;
  }
  return false;
}

/** Every path begins at self or oldSelf, which are of one type. */
const sizesOf =
  (declared: Declared): SizeOf =>
  ([, ...steps]) => {
    let at: Declared | undefined = declared;
    for (const step of steps) {
      // Of the keys of a map nothing is known.
      if (step === '@keys') return at?.element ? atMost(0) : undefined;
      at = step === '@items' || step === '@values' ? at?.element : at?.fields?.get(step);
      if (!at) return undefined;
    }
    return atMost(at.most);
  };
