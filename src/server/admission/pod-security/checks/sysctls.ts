// Of the kernel's settings only those may be changed that stay within a pod.

import type { Check, Rule } from '../check.ts';

/** Which settings became allowed, by the minor version they did in. */
const allowedSince: Readonly<Record<number, readonly string[]>> = {
  0: [
    'kernel.shm_rmid_forced',
    'net.ipv4.ip_local_port_range',
    'net.ipv4.ip_unprivileged_port_start',
    'net.ipv4.ping_group_range',
    'net.ipv4.tcp_syncookies',
  ],
  27: ['net.ipv4.ip_local_reserved_ports'],
  29: [
    'net.ipv4.tcp_fin_timeout',
    'net.ipv4.tcp_keepalive_intvl',
    'net.ipv4.tcp_keepalive_probes',
    'net.ipv4.tcp_keepalive_time',
  ],
  32: ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
};

export const sysctls: Check = {
  id: 'sysctls',
  level: 'baseline',
  rules: Object.keys(allowedSince).map(Number).map(ruleSince),
};

function ruleSince(since: number): Rule {
  const allowed = Object.entries(allowedSince).flatMap(([version, names]) => (Number(version) <= since ? names : []));
  return {
    since,
    violation({ spec }) {
      const bad = (spec.securityContext?.sysctls ?? [])
        .map(({ name }) => name)
        .filter((name) => !allowed.includes(name));
      return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
    },
  };
}
