// Pods may mount what the cluster keeps for them, and nothing of nodes or other machines.

import { type Check, countedList, distinct, plural, quotedList } from '../check.ts';

const allowed = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

export const restrictedVolumes: Check = {
  id: 'restrictedVolumes',
  level: 'restricted',
  rules: [
    {
      since: 0,
      overrides: ['hostPathVolumes'],
      violation({ spec }) {
        const bad = (spec.volumes ?? []).flatMap((volume) => {
          // A volume that names no type is an emptyDir.
          const [type = 'emptyDir'] = Object.keys(volume).filter((key) => key !== 'name');
          return allowed.includes(type) ? [] : [{ name: volume.name, type }];
        });
        if (bad.length === 0) return undefined;
        const types = distinct(bad.map(({ type }) => type));
        const names = bad.map(({ name }) => name);
        const verb = names.length === 1 ? 'uses' : 'use';
        return {
          reason: 'restricted volume types',
          detail: `${countedList('volume', names)} ${verb} restricted ${plural('volume type', types)} ${quotedList(types)}`,
        };
      },
    },
  ],
};
