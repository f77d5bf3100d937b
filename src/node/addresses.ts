// The simulated cluster's address plan: each node has a number, and from it its own address and a /24 for its pods.

import { RuntimeFailure } from './runtime.ts';

/** Second octets of pod networks: 10.244 first, as everywhere; further ones avoid the service range 10.96. */
const networks = [...range(244, 255), ...range(128, 243)];

const mostNodes = networks.length * 256;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The network of node `number`'s pods: 10.244.0.0/24 for the first. */
export function podCidrOf(number: number): string {
  const network = networks[Math.floor(number / 256)];
  if (network === undefined) throw new RangeError(`a cluster has at most ${mostNodes} simulated nodes`);
  return `10.${network}.${number % 256}.0/24`;
}

/** Which node has this network, when it is one of the plan. */
export function nodeNumberOf(podCIDR: string | undefined): number | undefined {
  const [, second, third] = /^10\.(\d+)\.(\d+)\.0\/24$/.exec(podCIDR ?? '') ?? [];
  const network = networks.indexOf(Number(second));
  return network < 0 ? undefined : network * 256 + Number(third);
}

/** 172.18.0.2 for the first. */
export const hostIpOf = (number: number): string =>
  `172.${18 + ((number + 2) >> 16)}.${((number + 2) >> 8) & 255}.${(number + 2) & 255}`;

export interface PodAddresses {
  /** Throws RuntimeFailure when none is left. */
  take(): string;
  keep(ip: string): void;
  give(ip: string): void;
}

/** Hands out a network's addresses in turn, so that one given back is not soon another pod's. */
export function podAddresses(podCIDR: string): PodAddresses {
  const prefix = podCIDR.slice(0, podCIDR.lastIndexOf('.') + 1);
  const used = new Set<string>();
  let last = 1;
  return {
    take() {
      for (let tries = 0; tries < 253; tries++) {
        last = last >= 254 ? 2 : last + 1;
        const ip = `${prefix}${last}`;
        if (used.has(ip)) continue;
        used.add(ip);
        return ip;
      }
      throw new RuntimeFailure(`failed to set up the pod's network: no address is left in ${podCIDR}`);
    },
    keep: (ip) => void used.add(ip),
    give: (ip) => void used.delete(ip),
  };
}
