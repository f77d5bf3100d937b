// What is wrong with an answer to a random request: a crash, a 500 that a real server would not give, or a wait.

export interface FuzzAnswer {
  readonly status: number;
  /** Its beginning at least. */
  readonly text: string;
  /** From the request's end to the answer's beginning, in milliseconds. */
  readonly tookMs: number;
}

interface KnownFailure {
  readonly text: RegExp;
  readonly when: string;
}

/** The 500s that a real kube-apiserver answers as well (recorded, or by its documentation). */
export const knownFailures: readonly KnownFailure[] = [
  { text: /unable to find api field in struct/, when: 'a strategic merge patch orders a list that is not there' },
  { text: /merging an object in json but data type is not struct/, when: 'such an order is given in a map of texts' },
  { text: /expected a .*, but received a /, when: 'such an order, or a list of what to keep, is no list' },
  { text: /unknown patch type: /, when: 'a strategic merge patch gives a $patch directive that is no text' },
  { text: /failed to create typed (patch|live) object/, when: 'an apply does not fit the schema' },
  { text: /failed to convert new object/, when: 'an apply does not fit another version, or its Go type' },
  { text: /request to convert CR to an invalid group\/version/, when: 'a custom resource is applied as a Scale' },
  { text: /resourceVersion should not be set on objects to be created/, when: 'a create names a resourceVersion' },
  { text: /does not contain declared merge key/, when: 'a strategic merge patch leaves out the key of an entry' },
  { text: /list element types are not identical/, when: 'a strategic merge patch mixes lists of objects and scalars' },
  {
    text: /strconv\.ParseUint: parsing .*: invalid syntax/,
    when: 'a resourceVersion of a patch or deletion is no number',
  },
  { text: /failed to allocate requested HealthCheck NodePort/, when: 'a health check port is out of range or taken' },
  { text: /failed to allocate a (nodePort|serviceIP): range is full/, when: 'no address or port is left' },
  { text: /target\.(name|kind): (Required|Unsupported)/, when: 'a Binding without a proper target' },
  { text: /the spec replicas field .* does not exist/, when: 'the scale of a custom resource without replicas' },
  { text: /more than one PodDisruptionBudget/, when: 'an eviction concerns several budgets' },
  { text: /no preferred addresses found/, when: 'the proxy is asked for a node without addresses' },
  { text: /a group, uid or extra can only be impersonated along with a user/, when: 'groups are impersonated alone' },
];

/** What the limit of the run is, in milliseconds. */
export const slowestMs = 1000;

/** Undefined when nothing is wrong. */
export function faultOf({ status, text, tookMs }: FuzzAnswer): string | undefined {
  if (status === 0) return `no answer: ${text}`;
  if (status === 500 && !knownFailures.some((known) => known.text.test(text))) return `500: ${text.slice(0, 1500)}`;
  if (status > 501 && status !== 503 && status !== 504) return `${status}: ${text.slice(0, 500)}`;
  if (tookMs > slowestMs) return `slow: ${Math.round(tookMs)} ms`;
  return undefined;
}
