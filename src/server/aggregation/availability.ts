// Whether another API server can answer for its group version: its service, what stands behind it, and whether it says what it serves.

import { formatTime } from '../../base/time.ts';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import { addressText, Unreachable, wholeBody } from '../outgoing/outgoing.ts';
import type { Remote } from '../outgoing/remote.ts';
import { identityHeaders, serviceOf, urlOf } from './remote-service.ts';

export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const because = (reason: string, message: string): Availability => ({ status: 'False', reason, message });

/** What is known without asking it: why it cannot be available. Undefined: nothing speaks against it. */
export function planAvailability(
  { spec }: APIService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const { name, namespace, port } = serviceOf(spec.service ?? {});
  const it = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!service) return because('ServiceNotFound', `${it} is not present`);
  if ((service.spec.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const listening = (service.spec.ports ?? []).find((each) => each.port === port);
  if (!listening) return because('ServicePortError', `${it} is not listening on port ${port}`);
  if (slices.length === 0) return because('EndpointsNotFound', `cannot find endpointslices for ${it}`);
  const portName = listening.name ?? '';
  if (slices.some((slice) => isReady(slice, portName))) return undefined;
  const message = `endpointslices for ${it} have no addresses with port name ${JSON.stringify(portName)}`;
  return because('MissingEndpoints', message);
}

const isReady = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
  (ports ?? []).some(({ name, port }) => (name ?? '') === portName && port !== undefined);

/** How often it may fail to answer before it counts as unavailable; any one answer will do. */
const attempts = 5;
const answerWithin = 5000;
const largestAnswer = 16 * 1024 * 1024;

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/** Asks it for what it must serve. */
export async function checkDiscovery(remote: Remote, api: APIService): Promise<Availability> {
  const outcomes = await Promise.allSettled(Array.from({ length: attempts }, () => askOnce(remote, api)));
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  const last = failures.at(-1);
  return failures.length < attempts || !last ? passed : because('FailedDiscoveryCheck', last.message);
}

async function askOnce(remote: Remote, { spec }: APIService): Promise<void> {
  const address = await remote.locate(serviceOf(spec.service ?? {}));
  const path = `/apis/${spec.group}/${spec.version}`;
  const shown = `https://${addressText(address)}${path}`;
  const failing = (why: string) => new Error(`failing or missing response from ${shown}: ${why}`);
  try {
    const answer = await remote.send({
      method: 'GET',
      url: urlOf(spec, path),
      address,
      headers: identityHeaders({ name: 'system:kube-aggregator', groups: ['system:masters'] }),
      insecure: true,
      asProxy: true,
      timeout: answerWithin,
    });
    await wholeBody(answer, largestAnswer);
    if (answer.status >= 200 && answer.status < 300) return;
    throw failing(`bad status from ${shown}: ${answer.status}`);
  } catch (error) {
    if (error instanceof Unreachable) throw failing(`Get ${JSON.stringify(shown)}: ${error.message}`);
    throw error;
  }
}

/** The conditions with this availability; the very same where nothing is new. */
export function conditionsAfter(
  { status }: APIService,
  { status: is, reason, message }: Availability,
  now: number,
): NonNullable<NonNullable<APIService['status']>['conditions']> {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Available');
  if (before?.status === is && before.reason === reason && before.message === message) return conditions;
  const lastTransitionTime = (before?.status === is && before.lastTransitionTime) || formatTime(now);
  const others = conditions.filter(({ type }) => type !== 'Available');
  return [...others, { type: 'Available', status: is, lastTransitionTime, reason, message }];
}

export const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false;
