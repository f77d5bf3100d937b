// Probes and lifecycle hooks may not make the kubelet call other hosts.

import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  Probe,
} from '../../../../kinds/generated/types/core-v1.ts';
import { type Check, containersOf, countedList, distinct, namesOf, plural, quotedList } from '../check.ts';

export const hostProbes: Check = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  rules: [
    {
      since: 34,
      violation(pod) {
        const bad = namesOf(pod, (container) => hostsOf(container).length > 0);
        if (bad.length === 0) return undefined;
        const hosts = distinct(containersOf(pod).flatMap(hostsOf));
        const reason = plural('probe or lifecycle host', hosts);
        const verb = bad.length === 1 ? 'uses' : 'use';
        return { reason, detail: `${countedList('container', bad)} ${verb} ${reason} ${quotedList(hosts)}` };
      },
    },
  ],
};

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container | EphemeralContainer): string[] {
  const calls: (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return calls.flatMap((call) => [call?.httpGet?.host, call?.tcpSocket?.host]).filter((host) => host) as string[];
}
