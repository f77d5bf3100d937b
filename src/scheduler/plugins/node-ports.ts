// Refuses nodes on which a host port of the pod is taken.

import { areInConflict, isPortTaken } from '../node-info.ts';
import { type Plugin, refused } from '../plugin.ts';

const refusal = refused("node(s) didn't have free ports for the requested pod ports");

export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter({ ports }) {
    if (ports.length === 0) return undefined;
    return { check: (node) => (ports.some((port) => isPortTaken(node, port)) ? refusal : undefined) };
  },
  wakes: {
    NodeAdded: true,
    PodGone: ({ ports }, { pod }) => ports.some((port) => pod.ports.some((freed) => areInConflict(port, freed))),
  },
};
