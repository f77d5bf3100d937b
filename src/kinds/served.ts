// The kinds as a server with certain settings has them: in the versions that are asked for, where their feature is on.

import type { Kind, ServedVersion } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { IsServed } from './runtime-config.ts';

/** Every kind that is served at all. A kind whose versions are just the default ones stays the very same. */
export function servedKinds(
  kinds: readonly Kind[],
  isServed: IsServed,
  enabled: (featureGate: string) => boolean,
): readonly Kind[] {
  return kinds.flatMap((kind) => {
    if (kind.gate !== undefined && !enabled(kind.gate)) return [];
    const all = [...kind.versions, ...(kind.optionalVersions ?? [])];
    const asked = ({ version }: ServedVersion) => isServed(kind.group, version, kind.plural);
    const versions = all.filter(asked);
    if (versions.length === 0) return [];
    if (versions.length === kind.versions.length && kind.versions.every(asked)) return [kind];
    return [{ ...kind, versions, optionalVersions: all.filter((version) => !asked(version)) }];
  });
}

/** A kind that is no part of Kubernetes, in whatever version: --runtime-config is about the server's own groups. */
export const alwaysServed = <T extends KubeObject>(kind: Kind<T>): Kind<T> => ({
  ...kind,
  versions: [...kind.versions, ...(kind.optionalVersions ?? [])],
  optionalVersions: [],
});
