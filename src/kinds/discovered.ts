// What Kubernetes 1.36 says it serves, group by group in its order: resources, verbs, short names, subresources.

import { explained } from './why/types.ts';
import generated from './generated/resources.json' with { type: 'json' };

export interface DiscoveredResource {
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Separated by spaces. */
  readonly verbs: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** The storageVersionHash. */
  readonly hash?: string;
  readonly subresources?: readonly {
    readonly name: string;
    readonly verbs: string;
    /** `group/version/Kind`, where bodies are not of the object's own kind. */
    readonly kind?: string;
  }[];
}

export interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveredResource[] }[];
}

/** The core group first, the others in the order of /apis; versions by preference. */
export const discovered: readonly DiscoveredGroup[] = generated;

/** What a metrics server adds. */
const measured: DiscoveredGroup = {
  name: 'metrics.k8s.io',
  versions: [
    {
      version: 'v1beta1',
      resources: [
        { name: 'nodes', singular: '', kind: 'NodeMetrics', namespaced: false, verbs: 'get list' },
        { name: 'pods', singular: '', kind: 'PodMetrics', namespaced: true, verbs: 'get list' },
      ],
    },
  ],
};

/** What is asked why things are as they are. */
const whys: DiscoveredGroup = {
  name: 'why.portolan.dev',
  versions: [
    {
      version: 'v1alpha1',
      resources: Object.entries(explained).map(([name, kind]) => ({
        name,
        singular: '',
        kind,
        namespaced: name !== 'nodes',
        verbs: 'get list',
      })),
    },
  ],
};

/** The groups of all kinds in the tables, also of those that are not always served. */
export const knownGroups: readonly DiscoveredGroup[] = [...discovered, measured, whys];
