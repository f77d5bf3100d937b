// IngressClass: which controller serves Ingresses of this class.

import { isDns1123Label } from '../../base/names.ts';
import { type Issue, forbiddenField, notSupported, required, tooLong } from '../../api/issues.ts';
import type { KubeObject } from '../../api/object.ts';
import { complain, domainPrefixedPath, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  IngressClassParametersReference,
  IngressClassSpec,
  IngressClass as Shape,
} from '../generated/types/networking-v1.ts';
import { typedReferenceIssues } from './ingress.ts';

export type IngressClass = Shape;

const defaultMark = 'ingressclass.kubernetes.io/is-default-class';

/** Whether ingresses that name no class get this one. */
export const isDefaultIngressClass = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[defaultMark] === 'true';

export const IngressClass = defineKind<IngressClass>('networking.k8s.io/v1', 'IngressClass', {
  generation: 'spec',
  applyDefaults(ingressClass) {
    ingressClass.spec ??= {};
    if (ingressClass.spec.parameters) ingressClass.spec.parameters.scope ??= 'Cluster';
  },
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) => [
    ...(spec.controller === previous.spec.controller ? [] : [immutable('spec.controller', spec.controller ?? '')]),
    ...specIssues(spec),
  ],
  columns: [
    {
      ...nameColumn,
      cell: (object) => `${object.metadata.name ?? ''}${isDefaultIngressClass(object) ? ' (default)' : ''}`,
    },
    textColumn('Controller', 'Controller that is responsible for handling this class', ({ spec }) => {
      return spec.controller ?? '';
    }),
    textColumn('Parameters', 'A reference to a resource with additional parameters', ({ spec: { parameters } }) => {
      if (!parameters) return '<none>';
      const { apiGroup, kind, name } = parameters;
      return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
    }),
    ageColumn,
  ],
});

const longestController = 250;

function specIssues({ controller = '', parameters }: IngressClassSpec): Issue[] {
  return [
    ...(controller.length > longestController ? [tooLong('spec.controller', longestController)] : []),
    ...domainPrefixedPath('spec.controller', controller),
    ...(parameters ? parameterIssues(parameters, 'spec.parameters') : []),
  ];
}

const scopes = ['Cluster', 'Namespace'];

function parameterIssues(parameters: IngressClassParametersReference, field: string): Issue[] {
  const { scope = '', namespace } = parameters;
  const issues = typedReferenceIssues(parameters, field);
  if (!scopes.includes(scope)) issues.push(notSupported(`${field}.scope`, scope, scopes));
  if (scope === 'Namespace') {
    if (namespace === undefined) {
      issues.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"));
    } else issues.push(...complain(`${field}.namespace`, namespace, isDns1123Label));
  }
  if (scope === 'Cluster' && namespace !== undefined) {
    issues.push(forbiddenField(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  }
  return issues;
}
