// AppArmor may be left to the runtime or to a profile of the node, but not be switched off.

import { type Check, type CheckedPod, containersOf, distinct, namesOf, plural, quotedList, setters } from '../check.ts';

const prefix = 'container.apparmor.security.beta.kubernetes.io/';

export const appArmorProfile: Check = {
  id: 'appArmorProfile',
  level: 'baseline',
  rules: [
    {
      since: 0,
      violation(pod) {
        const ofPod = pod.spec.securityContext?.appArmorProfile?.type;
        const bad = namesOf(pod, ({ securityContext }) => isBad(securityContext?.appArmorProfile?.type));
        const types: (string | undefined)[] = [
          ofPod,
          ...containersOf(pod).map(({ securityContext }) => securityContext?.appArmorProfile?.type),
        ];
        const annotations = badAnnotations(pod);
        const who = [
          ...setters(isBad(ofPod), bad),
          ...(annotations.length > 0 ? [plural('annotation', annotations)] : []),
        ];
        if (who.length === 0) return undefined;
        const values = [...distinct(types.filter(isBad)), ...annotations];
        return {
          reason: plural('forbidden AppArmor profile', values),
          detail: `${who.join(' and ')} must not set AppArmor profile type to ${quotedList(values)}`,
        };
      },
    },
  ],
};

const isBad = (type: string | undefined): type is string =>
  type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';

const badAnnotations = ({ metadata }: CheckedPod): string[] =>
  Object.entries(metadata.annotations ?? {})
    .filter(
      ([key, value]) =>
        key.startsWith(prefix) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
