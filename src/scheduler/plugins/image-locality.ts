// Likes nodes that have the pod's images, large ones above all.

import type { Plugin } from '../plugin.ts';

const megabyte = 1024 * 1024;
/** Less than this counts as nothing, and no more than `most` is counted per container. */
const least = 23 * megabyte;
const most = 1000 * megabyte;

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  weight: 1,
  score({ pod }, snapshot) {
    const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    const mounted = (pod.spec?.volumes ?? []).map(({ image }) => image?.reference);
    const names = [...containers.map(({ image }) => image), ...mounted].flatMap((name) => (name ? [tagged(name)] : []));
    const total = snapshot.nodes().length;
    const known = names.flatMap((name) => {
      const nodes = snapshot.nodesWithImage(name);
      return nodes > 0 ? [{ name, spread: nodes / total }] : [];
    });
    if (known.length === 0) return undefined;
    const ceiling = most * containers.length;
    return {
      score({ images }) {
        let sum = 0;
        for (const { name, spread } of known) sum += Math.trunc((images.get(name) ?? 0) * spread);
        return Math.floor((100 * (Math.min(Math.max(sum, least), ceiling) - least)) / (ceiling - least));
      },
    };
  },
};

/** Nodes list their images with a tag. */
const tagged = (name: string): string => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name);
