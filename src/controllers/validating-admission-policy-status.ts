// Checks the expressions of validating policies against the kinds they are about, and tells in their status what does not fit.

import { apiVersionOf, type Kind } from '../api/kind.ts';
import { admissionEnvironment, variableTypeOf, variablesType } from '../kinds/admissionregistration/expressions.ts';
import { ValidatingAdmissionPolicy } from '../kinds/admissionregistration/validating-admission-policy.ts';
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ParamKind,
  Variable,
} from '../kinds/generated/types/admissionregistration-v1.ts';
import { objectTypeOf } from '../kinds/schema-types.ts';
import { compile, describe } from '../languages/cel/cel.ts';
import { type Environment, withVariables } from '../languages/cel/environment.ts';
import type { ObjectType, Type } from '../languages/cel/types.ts';
import { type Controller, defineController } from '../reconcile/controller.ts';

const manager = 'validatingadmissionpolicy-status-controller';

export const policyStatusController = (kinds: () => readonly Kind[]): Controller =>
  defineController<ValidatingAdmissionPolicy>({
    name: manager,
    for: ValidatingAdmissionPolicy,

    async reconcile(policy, { patch }) {
      const { generation = 0, name = '' } = policy.metadata;
      if (generation <= (policy.status?.observedGeneration ?? 0)) return;
      const warnings = warningsOf(policy, kinds());
      const typeChecking = warnings.length > 0 ? { expressionWarnings: warnings } : {};
      const status = { observedGeneration: generation, typeChecking };
      const told = {
        apiVersion: apiVersionOf(ValidatingAdmissionPolicy),
        kind: policy.kind,
        metadata: { name },
        status,
      };
      await patch(ValidatingAdmissionPolicy, policy, told, {
        type: 'apply',
        subresource: 'status',
        fieldManager: manager,
        force: true,
      });
    },
  });

/** What does not fit, by expression: validations and their messages. */
export function warningsOf({ spec = {} }: ValidatingAdmissionPolicy, kinds: readonly Kind[]): ExpressionWarning[] {
  const subjects = subjectsOf(spec.matchConstraints?.resourceRules ?? [], kinds);
  const params = paramType(spec.paramKind, kinds);
  const environments = subjects.map(({ title, type }) => ({
    title,
    env: withOwnVariables(environmentFor(type, params), spec.variables ?? []),
  }));
  const check = (fieldRef: string, expression: string): ExpressionWarning[] => {
    const texts = environments.flatMap(({ title, env }) => {
      const compiled = compile(expression, env);
      return compiled.issues.length > 0 ? [`${title}: ${describe(compiled)}\n`] : [];
    });
    return texts.length > 0 ? [{ fieldRef, warning: texts.join('\n') }] : [];
  };
  return (spec.validations ?? []).flatMap(({ expression = '', messageExpression }, i) => {
    const field = `spec.validations[${i}]`;
    return [
      ...check(`${field}.expression`, expression),
      ...(messageExpression ? check(`${field}.messageExpression`, messageExpression) : []),
    ];
  });
}

/** A kind that a policy is about. */
interface Subject {
  /** `apps/v1, Kind=Deployment` */
  readonly title: string;
  readonly type: ObjectType;
}

/** No more kinds than these are looked at. */
const mostSubjects = 10;

/** The kinds that rules name without `*`, by group, version and kind. */
function subjectsOf(rules: readonly NamedRuleWithOperations[], kinds: readonly Kind[]): readonly Subject[] {
  const named = rules.flatMap(({ apiGroups, apiVersions, resources }) => {
    const [groups, versions] = [apiGroups ?? [], apiVersions ?? []];
    if (groups.includes('*') || versions.includes('*')) return [];
    const plain = (resources ?? []).filter((resource) => !/[*/]/.test(resource)).sort();
    return [...groups].sort().flatMap((group) =>
      [...versions].sort().flatMap((version) =>
        plain.flatMap((plural) => {
          const kind = kinds.find((each) => each.group === group && each.plural === plural);
          return kind ? subjectOf(kind, version) : [];
        }),
      ),
    );
  });
  const once = new Map(named.slice(0, mostSubjects).map((subject) => [subject.title, subject]));
  return [...once.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
}

function subjectOf(kind: Kind, version: string): readonly Subject[] {
  const served = kind.versions.find((each) => each.version === version);
  if (!served) return [];
  const title = `${kind.group}/${version}, Kind=${kind.kind}`;
  return [{ title, type: objectTypeOf(served.schema, kind.kind) }];
}

function paramType(paramKind: ParamKind | undefined, kinds: readonly Kind[]): Type | undefined {
  if (!paramKind) return undefined;
  const { apiVersion, kind: name } = paramKind;
  for (const kind of kinds) {
    if (kind.kind !== name) continue;
    const served = kind.versions.find(({ version }) => apiVersionOf({ group: kind.group, version }) === apiVersion);
    if (served) return objectTypeOf(served.schema, kind.kind);
  }
  return undefined;
}

function environmentFor(object: Type, params: Type | undefined): Environment {
  const base = admissionEnvironment({ params: params !== undefined, authorizer: true });
  return withVariables(base, { object, oldObject: object, ...(params && { params }) });
}

/** Each variable may use those before it. One that does not fit is anything. */
function withOwnVariables(env: Environment, variables: readonly Variable[]): Environment {
  const types = new Map<string, Type>();
  const present = () => withVariables(env, { variables: variablesType(new Map(types)) });
  for (const { name, expression } of variables) {
    const { program, type } = compile(expression, present());
    types.set(name, variableTypeOf(program ? type : undefined));
  }
  return present();
}
