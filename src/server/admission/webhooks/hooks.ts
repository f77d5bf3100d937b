// The webhooks there are, in the order they are asked: by the name of their configuration, then as it lists them. Read anew only when a
// configuration changes, so that a write costs nothing where there are none.

import { type Selector, selectorOf } from '../../../base/selectors.ts';
import type { Kind } from '../../../api/kind.ts';
import type { Mirror } from '../../../api/mirror.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Webhook } from '../../../kinds/admissionregistration/webhooks.ts';
import type { AdmissionWorld } from '../plugin.ts';

export interface Hook {
  /** Tells it from all others, of whatever configuration. */
  readonly id: string;
  readonly configuration: string;
  readonly webhook: Webhook;
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

type Configuration = KubeObject & { readonly webhooks?: readonly Webhook[] };

/** Undefined as long as nobody has asked before: then the promise resolves to them. */
export interface HookSource {
  now(): readonly Hook[] | undefined;
  opened: Promise<void>;
}

const sources = new WeakMap<AdmissionWorld, Map<Kind<never>, HookSource>>();

/** The webhooks of a kind of configuration; a promise only the first time. */
export function hooksOf(world: AdmissionWorld, kind: Kind<never>): readonly Hook[] | Promise<readonly Hook[]> {
  let known = sources.get(world);
  if (!known) sources.set(world, (known = new Map()));
  let source = known.get(kind);
  if (!source) known.set(kind, (source = open(world, kind)));
  return source.now() ?? source.opened.then(() => source.now() ?? []);
}

function open(world: AdmissionWorld, kind: Kind<never>): HookSource {
  let mirror: Mirror<Configuration> | undefined;
  let hooks: readonly Hook[] | undefined;
  const opened = world.mirror(kind as unknown as Kind<Configuration>).then((opening) => {
    mirror = opening;
    mirror.subscribe(() => (hooks = undefined));
  });
  return {
    opened,
    now: () => (hooks ??= mirror && mirror.list().flatMap(hooksIn)),
  };
}

const hooksIn = ({ metadata, webhooks = [] }: Configuration): readonly Hook[] =>
  webhooks.map((webhook) => ({
    id: `${metadata.uid}/${webhook.name}`,
    configuration: metadata.name ?? '',
    webhook,
    namespaceSelector: selectorOf(webhook.namespaceSelector, 'nothing'),
    objectSelector: selectorOf(webhook.objectSelector, 'nothing'),
  }));
