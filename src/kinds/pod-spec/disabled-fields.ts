// Fields of pod specs whose features are off: they are not kept, unless they were in use before.

import type { KindContext } from '../../api/kind.ts';
import type { Lifecycle, PodSpec, PodTemplateSpec } from '../generated/types/core-v1.ts';

export function dropDisabledPodFields(
  spec: PodSpec | undefined,
  before: PodSpec | undefined,
  { enabled }: KindContext,
): void {
  if (!spec) return;
  if (!enabled('GenericWorkload') && !before?.schedulingGroup) delete spec.schedulingGroup;
  if (!enabled('ContainerStopSignals') && !lifecyclesOf(before).some((each) => each.stopSignal)) dropStopSignals(spec);
}

export const dropDisabledTemplateFields = (
  template: PodTemplateSpec | undefined,
  before: PodTemplateSpec | undefined,
  context: KindContext,
): void => dropDisabledPodFields(template?.spec, before?.spec, context);

const containersOf = (spec: PodSpec | undefined): readonly { lifecycle?: Lifecycle }[] => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []),
  ...(spec?.ephemeralContainers ?? []),
];

const lifecyclesOf = (spec: PodSpec | undefined): Lifecycle[] =>
  containersOf(spec).flatMap(({ lifecycle }) => (lifecycle ? [lifecycle] : []));

function dropStopSignals(spec: PodSpec): void {
  for (const container of containersOf(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    const { stopSignal: _, ...rest } = container.lifecycle;
    if (Object.keys(rest).length > 0) container.lifecycle = rest;
    else delete container.lifecycle;
  }
}
