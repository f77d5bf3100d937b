// The variables of admission expressions: the object as it will be and was, the request, its namespace, parameters, the authorizer.

import type { KubeObject } from '../../../api/object.ts';
import { authorizerValue, requestResourceValue } from '../../../languages/cel/library/authorizer.ts';
import type { Namespace } from '../../../kinds/core/namespace.ts';
import type { Served } from '../../catalog.ts';
import type { Shown } from '../matching/forms.ts';
import { homeOf, kindOf, resourceOf, servedOf } from '../matching/subject.ts';
import type { Attributes } from '../plugin.ts';
import type { Questions } from './questions.ts';

export type Activation = Readonly<Record<string, unknown>>;

export interface Subject {
  readonly attributes: Attributes;
  /** In which version the object is shown. */
  readonly served: Served;
  readonly shown: Shown;
  /** Undefined for what lies in none. */
  readonly namespace?: Namespace | undefined;
  readonly params?: KubeObject | undefined;
  /** Left out: there is no authorizer. */
  readonly questions?: Questions | undefined;
}

export function activationOf(subject: Subject): Activation {
  const { attributes, served, shown, namespace, params, questions } = subject;
  return {
    object: shown.object ?? null,
    oldObject: shown.old ?? null,
    request: requestOf(attributes, served),
    namespaceObject: namespace ? shownNamespace(namespace) : null,
    params: params ?? null,
    ...(questions && authorizers(attributes, questions)),
  };
}

function authorizers(attributes: Attributes, { authorizer }: Questions): Activation {
  const { group, resource } = resourceOf(servedOf(attributes));
  const { subresource, name } = attributes;
  const question = { group, resource, subresource, namespace: homeOf(attributes), name };
  return {
    authorizer: authorizerValue(authorizer),
    'authorizer.requestResource': requestResourceValue(authorizer, question),
  };
}

/** An AdmissionRequest as JSON has it: what is empty is not there. */
export function requestOf(attributes: Attributes, served: Served): object {
  const { subresource, name, operation, user, dryRun, options } = attributes;
  const named = servedOf(attributes);
  const namespace = homeOf(attributes);
  return {
    kind: kindOf(served, subresource),
    resource: resourceOf(served),
    ...(subresource && { subResource: subresource }),
    requestKind: kindOf(named, subresource),
    requestResource: resourceOf(named),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: user.groups }),
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
    ...(options && { options }),
  };
}

/** Neither its owners nor its managed fields are shown. */
function shownNamespace({ metadata, spec, status }: Namespace): object {
  const { ownerReferences: _, managedFields: __, ...shown } = metadata;
  return { metadata: shown, spec, status };
}
