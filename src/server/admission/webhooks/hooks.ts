// The webhooks there are, in the order they are asked: by the name of their configuration, then as it lists them. Read anew only when a
// configuration changes, so that a write costs nothing where there are none.

import type { Kind } from '../../../api/kind.ts';
import type { Mirror } from '../../../api/mirror.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Webhook } from '../../../kinds/admissionregistration/webhooks.ts';
import type { AdmissionWorld } from '../plugin.ts';

export interface Hook {
  /** Tells it from all others, of whatever configuration. */
  readonly id: string;
  readonly configuration: string;
  /** Whether it may change objects. */
  readonly mutating: boolean;
  /** Its place among all. */
  readonly index: number;
  readonly webhook: Webhook;
}

type Configuration = KubeObject & { readonly webhooks?: readonly Webhook[] };

interface HookSource {
  /** Undefined until the configurations are at hand. */
  now(): readonly Hook[] | undefined;
  readonly opened: Promise<void>;
}

const sources = new WeakMap<AdmissionWorld, Map<Kind<never>, HookSource>>();

/** Does something with the webhooks of a kind of configuration; nothing, and at once, where there are none. */
export function withHooks(
  world: AdmissionWorld,
  kind: Kind<never>,
  act: (hooks: readonly Hook[]) => Promise<void>,
): void | Promise<void> {
  const source = sourceOf(world, kind);
  const hooks = source.now();
  if (!hooks) return source.opened.then(() => act(source.now() ?? []));
  return hooks.length === 0 ? undefined : act(hooks);
}

function sourceOf(world: AdmissionWorld, kind: Kind<never>): HookSource {
  let known = sources.get(world);
  if (!known) sources.set(world, (known = new Map()));
  let source = known.get(kind);
  if (!source) known.set(kind, (source = open(world, kind)));
  return source;
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
    now: () =>
      (hooks ??= mirror
        ?.list()
        .flatMap(hooksIn)
        .map((hook, index) => ({ ...hook, index }))),
  };
}

const hooksIn = ({ kind, metadata, webhooks = [] }: Configuration): readonly Omit<Hook, 'index'>[] =>
  webhooks.map((webhook) => ({
    id: `${metadata.uid}/${webhook.name}`,
    configuration: metadata.name ?? '',
    mutating: kind === 'MutatingWebhookConfiguration',
    webhook,
  }));
