// DefaultIngressClass: an ingress that names no class gets the newest of those marked as default.

import type { Ingress } from '../../kinds/networking/ingress.ts';
import { IngressClass, isDefaultIngressClass } from '../../kinds/networking/ingress-class.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const legacyClass = 'kubernetes.io/ingress.class';

export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.group === 'networking.k8s.io' && kind.plural === 'ingresses' && subresource === '',

  async mutate({ object }, world) {
    const ingress = object as Draft & Ingress;
    if (ingress.spec?.ingressClassName !== undefined) return;
    if (ingress.metadata.annotations?.[legacyClass] !== undefined) return;
    const classes = await world.mirror(IngressClass);
    const [chosen] = classes.list().filter(isDefaultIngressClass).sort(newestFirst);
    if (chosen) ingress.spec = { ...ingress.spec, ingressClassName: chosen.metadata.name ?? '' };
  },
};

/** Equally old ones by name. */
function newestFirst(a: IngressClass, b: IngressClass): number {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (left !== right) return left > right ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}
