// Ports of a pod's containers that get into each other's way.

import type { Container, ContainerPort } from '../generated/types/core-v1.ts';

interface Placed {
  readonly place: string;
  readonly port: ContainerPort;
}

/** `containers` with the places they stand at. */
export function portWarnings(containers: readonly (readonly [Container, string])[]): string[] {
  const ports = containers.flatMap(([{ ports: own = [] }, field]) =>
    own.map((port, i): Placed => ({ place: `${field}.ports[${i}]`, port })),
  );
  return [...ports.flatMap((each, i) => overlapping(each, ports.slice(0, i))), ...repeatedNames(ports)];
}

function overlapping({ place, port }: Placed, before: readonly Placed[]): string[] {
  const { hostIP = '', hostPort = 0, containerPort, protocol = '' } = port;
  const alone = hostIP && !hostPort ? [`${place}: hostIP set without hostPort: ${shown(port)}`] : [];
  const others = before.filter(
    (other) => other.port.containerPort === containerPort && other.port.protocol === protocol,
  );
  return [
    ...alone,
    ...others.flatMap((other) => {
      const { hostIP: otherIP = '', hostPort: otherPort = 0 } = other.port;
      const say = (what: string) => [`${place}: ${what} port definition with ${other.place}`];
      if (hostIP === otherIP && hostPort === otherPort) return say('duplicate');
      if (hostPort === 0 || otherPort === 0) return say('overlapping');
      const oneOpen = (hostIP === '') !== (otherIP === '');
      return hostPort === otherPort && oneOpen ? say('dangerously ambiguous') : [];
    }),
  ];
}

/** A port as Go prints it. */
const shown = ({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol ?? ''} HostIP:${hostIP}}`;

function repeatedNames(ports: readonly Placed[]): string[] {
  const first = new Map<string, string>();
  return ports.flatMap(({ place, port: { name } }) => {
    if (!name) return [];
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, place);
      return [];
    }
    return [
      `${place}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
    ];
  });
}
