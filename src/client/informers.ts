// The mirrors of one process, one a kind and version, started when first asked for and shared by all who read.

import type { Kind } from '../api/kind.ts';
import { resourceKey, spokenVersion } from '../api/kind.ts';
import type { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import { type InformerOptions, startInformer } from './informer.ts';

export interface Informers {
  /** Resolves once the mirror is complete. */
  of<T extends KubeObject>(kind: Kind<T>): Promise<Mirror<T>>;
  /** The mirror if it has been started and is complete. */
  peek<T extends KubeObject>(kind: Kind<T>): Mirror<T> | undefined;
}

export function createInformers(options: InformerOptions): Informers {
  const started = new Map<string, Promise<Mirror<KubeObject>>>();
  const complete = new Map<string, Mirror<KubeObject>>();
  return {
    of<T extends KubeObject>(kind: Kind<T>) {
      const key = keyOf(kind);
      let mirror = started.get(key);
      if (!mirror) {
        const gone = () => {
          started.delete(key);
          complete.delete(key);
        };
        mirror = startInformer(kind, { ...options, gone }).then((ready) => {
          complete.set(key, ready as unknown as Mirror<KubeObject>);
          return ready as unknown as Mirror<KubeObject>;
        });
        started.set(key, mirror);
      }
      return mirror as unknown as Promise<Mirror<T>>;
    },
    peek: <T extends KubeObject>(kind: Kind<T>) => complete.get(keyOf(kind)) as unknown as Mirror<T> | undefined,
  };
}

const keyOf = <T extends KubeObject>(kind: Kind<T>): string => `${resourceKey(kind)}/${spokenVersion(kind)}`;
