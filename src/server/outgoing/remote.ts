// Others as the server knows them: services by name, and a way to ask them something.

import { type Clock, seconds } from '../../base/clock.ts';
import {
  type Address,
  discard,
  type Outgoing,
  type OutgoingAnswer,
  type OutgoingRequest,
  Unreachable,
} from './outgoing.ts';
import { serviceAddress, type ServiceNetwork, type ServiceReference } from './service-endpoint.ts';

export interface Remote extends Outgoing {
  /** One of the addresses behind a service. @throws Unreachable */
  locate(service: ServiceReference): Promise<Address>;
  /** Sends as Kubernetes' client does: again after the time that an overburdened other side asks for. @throws Unreachable */
  sendPatiently(request: OutgoingRequest): Promise<OutgoingAnswer>;
}

export const remoteOver = (outgoing: Outgoing, network: ServiceNetwork, clock: Clock): Remote => ({
  send: (request) => outgoing.send(request),
  locate: (service) => serviceAddress(network, service),
  sendPatiently: (request) => sendPatiently(outgoing, request, clock),
});

const mostRetries = 10;

/** The request's time limit is for all of it: where the next try would come too late there is none in time. */
async function sendPatiently(outgoing: Outgoing, request: OutgoingRequest, clock: Clock): Promise<OutgoingAnswer> {
  const { timeout = Number.POSITIVE_INFINITY, ...rest } = request;
  const end = clock.elapsed() + timeout;
  for (let retries = 0; ; retries++) {
    const left = end - clock.elapsed();
    const answer = await outgoing.send(Number.isFinite(left) ? { ...rest, timeout: left } : rest);
    const wait = retries < mostRetries ? waitOf(answer) : undefined;
    if (wait === undefined) return answer;
    discard(answer);
    if (wait >= end - clock.elapsed()) {
      await clock.sleep(end - clock.elapsed(), request.signal).catch(() => {});
      throw new Unreachable(request.signal?.aborted ? 'context canceled' : 'context deadline exceeded');
    }
    await clock.sleep(wait, request.signal).catch(() => {});
  }
}

/** How long it asks to wait, in milliseconds; undefined where it does not. */
function waitOf({ status, headers }: OutgoingAnswer): number | undefined {
  const named = headers['retry-after'];
  const isBusy = status === 429 || status >= 500;
  return isBusy && typeof named === 'string' && /^\d+$/.test(named) ? seconds(Number(named)) : undefined;
}

/** The name by which a service's certificate is known. */
export const serviceHost = ({ namespace, name }: Pick<ServiceReference, 'namespace' | 'name'>): string =>
  `${name}.${namespace}.svc`;
