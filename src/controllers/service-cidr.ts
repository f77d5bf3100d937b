// ServiceCIDRs: ready once they are there, and kept from going as long as an address of theirs is taken.

import { type Duration, type Instant, seconds } from '../base/clock.ts';
import { type Cidr, cidrCovers, cidrGives, parseCidr, parseIp } from '../base/ip.ts';
import { formatTime, parseTime } from '../base/time.ts';
import type { Condition } from '../kinds/generated/types/meta-v1.ts';
import { IPAddress } from '../kinds/networking/ip-address.ts';
import { ServiceCIDR } from '../kinds/networking/service-cidr.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';

export const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';
const name = 'service-cidr-controller';
/** Addresses that are being given out while it goes may still show up within this time. */
const deletionGrace = seconds(10);

export interface ServiceCidrView {
  readonly cidr: ServiceCIDR;
  /** All there are, itself included. */
  readonly all: readonly ServiceCIDR[];
  readonly addresses: readonly IPAddress[];
  readonly now: Instant;
}

export type ServiceCidrPlan =
  | { readonly is: 'standing'; readonly protect: boolean; readonly ready?: Verdict }
  | { readonly is: 'blocked'; readonly ready?: Verdict }
  | { readonly is: 'waiting'; readonly after: Duration }
  | { readonly is: 'free'; readonly release: boolean };

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const well: Verdict = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
const held: Verdict = {
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

export function planServiceCidr(view: ServiceCidrView): ServiceCidrPlan {
  const { deletionTimestamp, finalizers = [] } = view.cidr.metadata;
  const isProtected = finalizers.includes(serviceCidrFinalizer);
  if (deletionTimestamp === undefined) return { is: 'standing', protect: !isProtected, ...news(view.cidr, well) };
  if (!mayGo(view)) return { is: 'blocked', ...news(view.cidr, held) };
  const after = (parseTime(deletionTimestamp) ?? 0) + deletionGrace - view.now;
  return after > 0 ? { is: 'waiting', after } : { is: 'free', release: isProtected };
}

function news({ status }: ServiceCIDR, verdict: Verdict): { readonly ready?: Verdict } {
  const before = status?.conditions?.find(({ type }) => type === 'Ready');
  const same =
    before?.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message;
  return same ? {} : { ready: verdict };
}

const rangesOf = ({ spec }: ServiceCIDR): Cidr[] => (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []);

/** Another one covers its ranges, or no address would be left without any. */
function mayGo({ cidr, all, addresses }: ServiceCidrView): boolean {
  const others = all.filter(({ metadata }) => metadata.name !== cidr.metadata.name).flatMap(rangesOf);
  const own = rangesOf(cidr);
  if (own.every((range) => others.some((other) => cidrCovers(other, range)))) return true;
  return !addresses.filter(isOfServices).some(({ metadata }) => {
    const ip = parseIp(metadata.name ?? '');
    const given = (ranges: readonly Cidr[]) => ip !== undefined && ranges.some((range) => cidrGives(range, ip));
    return given(own) && !given(others);
  });
}

const isOfServices = ({ metadata: { labels } }: IPAddress): boolean =>
  labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io';

const refersTo = ({ metadata }: ServiceCIDR) => ({ name: metadata.name ?? '', namespace: '' });

export const serviceCidrController = defineController<ServiceCIDR>({
  name,
  for: ServiceCIDR,
  watches: [
    // Others may hold what is going; one that came may free it.
    watching(ServiceCIDR, (_, __, { lister }) => lister(ServiceCIDR).list().filter(isGoing).map(refersTo)),
    watching(IPAddress, (address, _, { lister }) =>
      isOfServices(address) ? lister(ServiceCIDR).list().filter(isGoing).map(refersTo) : [],
    ),
  ],

  async reconcile(cidr, context) {
    const plan = planServiceCidr({
      cidr,
      all: context.lister(ServiceCIDR).list(),
      addresses: context.lister(IPAddress).list(),
      now: context.clock.now(),
    });
    if (plan.is === 'waiting') return { after: plan.after };
    if (plan.is === 'free') {
      if (plan.release) await patchFinalizers(cidr, '$deleteFromPrimitiveList/finalizers', context);
      return;
    }
    if (plan.is === 'standing' && plan.protect) await patchFinalizers(cidr, 'finalizers', context);
    if (plan.ready) await applyReady(cidr, plan.ready, context);
  },
});

const isGoing = ({ metadata }: ServiceCIDR): boolean => metadata.deletionTimestamp !== undefined;

/** Changes this one finalizer alone, whatever others there are. */
const patchFinalizers = (cidr: ServiceCIDR, list: 'finalizers' | `$${string}/finalizers`, { patch }: Context) =>
  patch(ServiceCIDR, cidr, { metadata: { [list]: [serviceCidrFinalizer] } }, { type: 'strategic' });

async function applyReady(cidr: ServiceCIDR, ready: Verdict, { clock, patch }: Context): Promise<void> {
  const condition = { type: 'Ready', ...ready, lastTransitionTime: formatTime(clock.now()) };
  await patch(
    ServiceCIDR,
    cidr,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: cidr.metadata.name },
      status: { conditions: [condition] },
    },
    { type: 'apply', subresource: 'status', fieldManager: name, force: true },
  );
}
