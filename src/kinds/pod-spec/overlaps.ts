// Files of a volume that cannot all be there: the same path twice, or one inside another.

import type { Volume, VolumeProjection } from '../generated/types/core-v1.ts';

interface PathOf {
  readonly path: string;
  /** Where it comes from; empty where that is plain. */
  readonly source: string;
}

export const overlapWarnings = (volumes: readonly Volume[]): string[] => volumes.flatMap(ofVolume);

function ofVolume({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const say = (what: string, paths: readonly PathOf[]) =>
    overlapsOf(paths).map((text) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${text}`);
  const plain = (items: readonly { path: string }[] | undefined) =>
    (items ?? []).map(({ path }): PathOf => ({ path, source: '' }));
  const empty = (projected?.sources ?? []).filter((source) => Object.keys(source).length === 0);
  return [
    ...say(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, plain(configMap?.items)),
    ...say(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, plain(secret?.items)),
    ...say('DownwardAPI', plain(downwardAPI?.items)),
    ...empty.map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
    ...say('Projected', (projected?.sources ?? []).flatMap(projectedPaths)),
  ];
}

function projectedPaths(source: VolumeProjection): PathOf[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source;
  const named = (items: readonly { path: string }[], from: string) =>
    items.map(({ path }): PathOf => ({ path, source: from }));
  if (configMap?.items) return named(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return named(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return named(downwardAPI.items, 'DownwardAPI');
  if (token) return named([token], 'ServiceAccountToken');
  if (bundle) {
    const name = bundle.name ?? bundle.signerName ?? '';
    return named([bundle], `ClusterTrustBundle ${JSON.stringify(name)}`);
  }
  return certificatePaths(source);
}

function certificatePaths({ podCertificate }: VolumeProjection): PathOf[] {
  const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate ?? {};
  const paths: [string | undefined, string][] = [
    [certificateChainPath, 'chain'],
    [keyPath, 'key'],
    [credentialBundlePath, 'credential bundle'],
  ];
  return paths.flatMap(([path, what]) => (path ? [{ path, source: `PodCertificate ${what}` }] : []));
}

function overlapsOf(paths: readonly PathOf[]): string[] {
  const trimmed = paths.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  return trimmed.flatMap((each, i) =>
    each.path === ''
      ? []
      : trimmed
          .slice(0, i)
          .filter((other) => other.path !== '' && (isWithin(each, other) || isWithin(other, each)))
          .map((other) => `${shown(each)} with ${shown(other)}`),
  );
}

const isWithin = (a: PathOf, b: PathOf): boolean => `${a.path}/`.startsWith(`${b.path}/`);

const shown = ({ path, source }: PathOf): string =>
  source ? `${JSON.stringify(path)} (${source})` : JSON.stringify(path);
