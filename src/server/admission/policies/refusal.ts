// Refusals by policies: worded like any refusal of admission, with a reason and code of their own.

import { ApiError, forbidden } from '../../../api/status.ts';
import type { Attributes } from '../plugin.ts';

/** The name a refusal speaks of: objects without one go by what it is to begin with. */
function nameIn({ name, object }: Attributes): string {
  return name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown';
}

/** A refusal about the object of a request, as admission plugins word it. */
export const refusalOf = (attributes: Attributes, message: string): ApiError =>
  forbidden({ group: attributes.kind.group, resource: attributes.kind.plural }, nameIn(attributes), message);

/** What is asked of the server and never stored: policies in its way could break the cluster. */
export const isExcluded = ({ kind, subresource }: Attributes): boolean =>
  subresource === '' && excluded.has(`${kind.plural}.${kind.group}`);

const excluded: ReadonlySet<string> = new Set([
  'selfsubjectreviews.authentication.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);
