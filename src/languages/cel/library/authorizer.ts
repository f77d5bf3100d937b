// Questions to the authorizer: `authorizer.group('apps').resource('deployments').namespace('a').check('create').allowed()`.

import { isDns1123Label, isDns1123Subdomain } from '../../../base/names.ts';
import { declare, type FunctionDeclaration, type Library, member, namedObject } from '../environment.ts';
import { boolType, type ObjectType, stringType } from '../types.ts';
import { CelError, Opaque, type Result, type Value } from '../values.ts';

/** What may be asked. A path, or a resource with the rest. */
export interface AccessQuestion {
  readonly verb: string;
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: string;
  /** What went wrong while asking. */
  readonly error?: string;
}

/** Who answers; whoever runs an expression hands one in as `authorizerValue(…)`. */
export interface Authorizer {
  check(question: AccessQuestion): AccessDecision;
  /** The same questions, asked for a service account. */
  serviceAccount(namespace: string, name: string): Authorizer;
}

const kind = (name: string): ObjectType => namedObject(`kubernetes.authorization.${name}`);

export const authorizerType = kind('Authorizer');
export const pathCheckType = kind('PathCheck');
export const groupCheckType = kind('GroupCheck');
export const resourceCheckType = kind('ResourceCheck');
export const decisionType = kind('Decision');

interface Draft {
  readonly authorizer: Authorizer;
  readonly question: Omit<AccessQuestion, 'verb'>;
}

const wrap = (type: ObjectType, draft: Draft): Value => new Opaque(type.name, draft, draft);
const draftOf = (value: Value | undefined): Draft => (value as Opaque<Draft>).data;

/** The value of a variable of type `authorizerType`. */
export const authorizerValue = (authorizer: Authorizer): Value => wrap(authorizerType, { authorizer, question: {} });

/** The value of `authorizer.requestResource`: a question about what a request is for. */
export const requestResourceValue = (authorizer: Authorizer, question: Omit<AccessQuestion, 'verb'>): Value =>
  wrap(resourceCheckType, { authorizer, question });

/** A step of a question: names one more thing. */
function step(
  name: keyof AccessQuestion,
  id: string,
  [from, to]: readonly [ObjectType, ObjectType],
  whyNot?: string,
): FunctionDeclaration {
  const run = (value: Value | undefined, text: string): Result => {
    if (text === '' && whyNot !== undefined) return new CelError(whyNot);
    const { authorizer, question } = draftOf(value);
    return wrap(to, { authorizer, question: { ...question, [name]: text } });
  };
  return declare(
    name,
    member(id, [from, stringType], to, (value, text) => run(value, text as string)),
  );
}

function serviceAccount(value: Value | undefined, namespace: string, name: string): Result {
  if (isDns1123Subdomain(name).length > 0) return new CelError('Invalid service account name');
  if (isDns1123Label(namespace).length > 0) return new CelError('Invalid service account namespace');
  return authorizerValue(draftOf(value).authorizer.serviceAccount(namespace, name));
}

function check(value: Value | undefined, verb: string): Result {
  const { authorizer, question } = draftOf(value);
  const decision = authorizer.check({ ...question, verb });
  return new Opaque(decisionType.name, decision, decision);
}

const decisionOf = (value: Value | undefined): AccessDecision => (value as Opaque<AccessDecision>).data;

export const authorizerLibrary: Library = {
  types: Object.fromEntries(
    [authorizerType, pathCheckType, groupCheckType, resourceCheckType, decisionType].map((type) => [type.name, type]),
  ),
  functions: [
    step('path', 'authorizer_path', [authorizerType, pathCheckType], 'path must not be empty'),
    step('group', 'authorizer_group', [authorizerType, groupCheckType]),
    step('resource', 'groupcheck_resource', [groupCheckType, resourceCheckType], 'resource must not be empty'),
    step('subresource', 'resourcecheck_subresource', [resourceCheckType, resourceCheckType]),
    step('namespace', 'resourcecheck_namespace', [resourceCheckType, resourceCheckType]),
    step('name', 'resourcecheck_name', [resourceCheckType, resourceCheckType]),
    step('fieldSelector', 'authorizer_fieldselector', [resourceCheckType, resourceCheckType]),
    step('labelSelector', 'authorizer_labelselector', [resourceCheckType, resourceCheckType]),
    declare(
      'serviceAccount',
      member(
        'authorizer_serviceaccount',
        [authorizerType, stringType, stringType],
        authorizerType,
        (value, namespace, name) => serviceAccount(value, namespace as string, name as string),
      ),
    ),
    declare(
      'check',
      member('pathcheck_check', [pathCheckType, stringType], decisionType, (value, verb) =>
        check(value, verb as string),
      ),
      member('resourcecheck_check', [resourceCheckType, stringType], decisionType, (value, verb) =>
        check(value, verb as string),
      ),
    ),
    declare(
      'allowed',
      member('decision_allowed', [decisionType], boolType, (value) => decisionOf(value).allowed),
    ),
    declare(
      'reason',
      member('decision_reason', [decisionType], stringType, (value) => decisionOf(value).reason),
    ),
    declare(
      'errored',
      member('decision_errored', [decisionType], boolType, (value) => decisionOf(value).error !== undefined),
    ),
    declare(
      'error',
      member('decision_error', [decisionType], stringType, (value) => decisionOf(value).error ?? ''),
    ),
  ],
};
