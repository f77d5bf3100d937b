// DefaultTolerationSeconds: pods stay for five minutes on a node that is not ready or cannot be reached, unless they say otherwise.

import type { Pod } from '../../kinds/core/pod.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const stay = 300;
const faults = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: ({ operation, kind, subresource }) =>
    (operation === 'CREATE' || operation === 'UPDATE') &&
    kind.plural === 'pods' &&
    kind.group === '' &&
    subresource === '',

  mutate({ object }) {
    const { spec } = object as Draft & Pod;
    for (const key of faults) {
      const tolerated = spec.tolerations?.some(
        (each) => (each.key === key || !each.key) && (each.effect === 'NoExecute' || !each.effect),
      );
      if (!tolerated)
        spec.tolerations = [
          ...(spec.tolerations ?? []),
          { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: stay },
        ];
    }
  },
};
