// What expressions of admission policies and of webhooks' match conditions may use, and what they must give.

import { compile, describe, type Program } from '../../languages/cel/cel.ts';
import { type Environment, environment, withVariables } from '../../languages/cel/environment.ts';
import { authorizerType, resourceCheckType } from '../../languages/cel/library/authorizer.ts';
import { jsonPatchLibrary, jsonPatchType } from '../../languages/cel/library/json-patch.ts';
import { kubernetesLibraries, kubernetesOptions } from '../../languages/cel/library/kubernetes.ts';
import {
  boolType,
  declareObject,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  type ObjectType,
  sameType,
  stringType,
  timestampType,
  type Type,
  typeName,
} from '../../languages/cel/types.ts';

/** Which variables there are besides `object`, `oldObject`, `request` and `namespaceObject`. */
export interface Declarations {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** Whether expressions may make `Object{…}` and `JSONPatch{…}`. */
  readonly patches?: boolean;
  /** The policy's own variables, by name; undefined where `variables` is not known at all. */
  readonly variables?: ReadonlyMap<string, Type>;
}

/** An expression ready to run, or what is wrong with it. */
export type Expression =
  | { readonly text: string; readonly type: Type; readonly program: Program }
  | { readonly text: string; readonly type: Type | undefined; readonly problem: string };

const texts = listOf(stringType);

const groupVersionKind = declareObject('kubernetes.GroupVersionKind', {
  group: stringType,
  version: stringType,
  kind: stringType,
});

const groupVersionResource = declareObject('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
});

const userInfo = declareObject('kubernetes.UserInfo', {
  username: stringType,
  uid: stringType,
  groups: texts,
  extra: mapOf(stringType, texts),
});

/** `object` and `oldObject` of an AdmissionRequest are variables of their own. */
export const requestType = declareObject('kubernetes.AdmissionRequest', {
  kind: groupVersionKind,
  resource: groupVersionResource,
  subResource: stringType,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo,
  dryRun: boolType,
  options: dynType,
});

/** The parts of a namespace that expressions see. `UID` is upstream's spelling, under which there is nothing. */
export const namespaceType = declareObject('kubernetes.Namespace', {
  metadata: declareObject('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: texts,
  }),
  spec: declareObject('kubernetes.NamespaceSpec', { finalizers: texts }),
  status: declareObject('kubernetes.NamespaceStatus', {
    phase: stringType,
    conditions: listOf(
      declareObject('kubernetes.NamespaceCondition', {
        status: stringType,
        type: stringType,
        lastTransitionTime: timestampType,
        message: stringType,
        reason: stringType,
      }),
    ),
  }),
});

/** `Object{spec: Object.spec{…}}`: any name that begins so is a type, and any field of it may hold anything. */
const patchType = (name: string): ObjectType => ({ kind: 'object', name, field: () => ({ type: dynType }) });

function patchTypes(name: string): ObjectType | undefined {
  return name === 'Object' || name.startsWith('Object.') ? patchType(name) : undefined;
}

/** What the two sorts of mutations must give. */
export const applyConfigurationType: Type = patchType('Object');
export const jsonPatchesType: Type = listOf(jsonPatchType);

const always = { object: dynType, oldObject: dynType, namespaceObject: namespaceType, request: requestType };
const authorizers = { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType };

const environments = new Map<string, Environment>();

/** The environment without a policy's own variables: there are only a few, which are kept. */
function baseEnvironment({ params, authorizer, patches = false }: Declarations): Environment {
  const key = `${params} ${authorizer} ${patches}`;
  let known = environments.get(key);
  if (!known) {
    known = environment({
      ...kubernetesOptions,
      ...(patches && { libraries: [...kubernetesLibraries, jsonPatchLibrary], objects: patchTypes }),
      variables: { ...always, ...(params && { params: dynType }), ...(authorizer && authorizers) },
    });
    environments.set(key, known);
  }
  return known;
}

export function admissionEnvironment(declarations: Declarations): Environment {
  const base = baseEnvironment(declarations);
  const { variables } = declarations;
  return variables ? withVariables(base, { variables: variablesType(variables) }) : base;
}

export const variablesType = (variables: ReadonlyMap<string, Type>): ObjectType =>
  declareObject('kubernetes.variables', Object.fromEntries(variables));

/** What a policy's expression is known to give when another one names it: objects and values of libraries are anything. */
export function variableTypeOf(type: Type | undefined): Type {
  if (!type) return dynType;
  switch (type.kind) {
    case 'object':
    case 'opaque':
    case 'type':
    case 'wrapper':
    case 'parameter':
    case 'error':
      return dynType;
    case 'list':
      return listOf(variableTypeOf(type.element));
    case 'map':
      return mapOf(variableTypeOf(type.key), variableTypeOf(type.value));
    default:
      return type;
  }
}

/** Compiles an expression that must give one of some types; any type when none is named. */
export function compileExpression(text: string, env: Environment, wanted: readonly Type[] = []): Expression {
  const compiled = compile(text, env);
  const { program, type } = compiled;
  if (!program) return { text, type: undefined, problem: `compilation failed: ${describe(compiled)}` };
  if (wanted.length === 0 || wanted.some((each) => sameType(each, type))) return { text, type, program };
  const names = wanted.map(typeName);
  const must = names.length === 1 ? `${names[0]}` : `one of [${names.join(' ')}]`;
  return { text, type: undefined, problem: `must evaluate to ${must} but got ${typeName(type)}` };
}

export const conditionTypes: readonly Type[] = [boolType];
export const messageTypes: readonly Type[] = [stringType];
export const annotationTypes: readonly Type[] = [stringType, nullType];

interface NamedExpression {
  readonly name?: string;
  readonly expression?: string;
}

/** A policy's variables, each of which may use those before it. */
export function compileVariables(
  variables: readonly NamedExpression[],
  declarations: Declarations,
): ReadonlyMap<string, Expression> {
  const types = new Map<string, Type>();
  const compiled = new Map<string, Expression>();
  for (const { name = '', expression = '' } of variables) {
    const result = compileExpression(expression, admissionEnvironment({ ...declarations, variables: types }));
    compiled.set(name, result);
    types.set(name, variableTypeOf(result.type));
  }
  return compiled;
}

/** The types of compiled variables, for the expressions that use them. */
export const typesOf = (variables: ReadonlyMap<string, Expression>): ReadonlyMap<string, Type> =>
  new Map([...variables].map(([name, { type }]) => [name, variableTypeOf(type)]));
