// Makes the resource claims that pods ask for by templates, and frees the devices of claims when the last pod that used them is done.

import type { Kind } from '../api/kind.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { PodResourceClaim, PodResourceClaimStatus } from '../kinds/generated/types/core-v1.ts';
import { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { ResourceClaimTemplate } from '../kinds/resource/resource-claim-template.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { referenceTo } from '../client/client.ts';
import { controllerOf, isBeingDeleted, isFinished } from '../kinds/core/pod-facts.ts';

const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name';
const claimFinalizer = 'resource.kubernetes.io/delete-protection';
const manager = 'ResourceClaimController';

/** Every pod with claims: those it names are there or not, those of templates are made. */
export const podClaimsController = defineController<Pod>({
  name: 'resource-claim-controller',
  for: Pod,
  watches: [
    watching(ResourceClaim, (claim) => {
      const owner = controllerOf(claim);
      return owner?.kind === 'Pod' ? [{ name: owner.name, namespace: claim.metadata.namespace ?? '' }] : [];
    }),
    watching(ResourceClaimTemplate, ({ metadata }, _, { lister }) =>
      lister(Pod)
        .list(metadata.namespace)
        .filter(({ spec }) => spec.resourceClaims?.some((each) => each.resourceClaimTemplateName === metadata.name))
        .map(referenceTo),
    ),
  ],

  async reconcile(pod, context) {
    if (isBeingDeleted(pod)) return;
    const made: PodResourceClaimStatus[] = [];
    for (const wanted of pod.spec.resourceClaims ?? []) {
      const claim = await claimFor(pod, wanted, context);
      if (claim) made.push({ name: wanted.name, resourceClaimName: claim.metadata.name ?? '' });
    }
    if (made.length === 0) return;
    const { name = '', namespace = '' } = pod.metadata;
    const told = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      status: { resourceClaimStatuses: made },
    };
    await context.patch(Pod, pod, told, { type: 'apply', subresource: 'status', fieldManager: manager, force: true });
  },
});

/** A claim the pod has not been told of yet. */
async function claimFor(pod: Pod, wanted: PodResourceClaim, context: Context): Promise<ResourceClaim | undefined> {
  const { name, resourceClaimTemplateName: templateName } = wanted;
  const { namespace = '' } = pod.metadata;
  if (!templateName) return undefined;
  const told = pod.status?.resourceClaimStatuses?.find((each) => each.name === name)?.resourceClaimName;
  const claims = context.lister(ResourceClaim);
  const isOwn = (claim: ResourceClaim | undefined) => controllerOf(claim ?? pod)?.uid === pod.metadata.uid;
  if (told && isOwn(claims.get(told, namespace))) return undefined;
  const orphan = claims.ownedBy(pod).find(({ metadata }) => metadata.annotations?.[podClaimAnnotation] === name);
  if (orphan) return orphan;
  const template = context.lister(ResourceClaimTemplate).get(templateName, namespace);
  if (template) return context.create(ResourceClaim, claimOf(pod, name, template));
  const why = `resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
  context.event(pod, {
    type: 'Warning',
    reason: 'FailedResourceClaimCreation',
    message: `PodResourceClaim ${name}: ${why}`,
  });
  return undefined;
}

function claimOf(pod: Pod, name: string, { spec }: ResourceClaimTemplate): ResourceClaim {
  const { labels, annotations } = spec.metadata ?? {};
  const { name: podName = '', namespace = '', uid = '' } = pod.metadata;
  return {
    metadata: {
      generateName: generatedBase(podName, name),
      namespace,
      ...(labels && { labels: { ...labels } }),
      annotations: { ...annotations, [podClaimAnnotation]: name },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid, controller: true }],
    },
    spec: structuredClone(spec.spec),
  };
}

/** Room for five characters behind it, taken from both names by their length. */
const longestBase = 57;

function generatedBase(pod: string, claim: string): string {
  const base = `${pod}-${claim}-`;
  if (base.length <= longestBase) return base;
  const share = (name: string) => name.slice(0, Math.floor((name.length * longestBase) / base.length));
  return `${share(pod)}-${share(claim)}`;
}

/** Claims by who uses them. */
export const claimReservationsController = defineController<ResourceClaim>({
  name: 'resource-claim-controller',
  for: ResourceClaim,
  watches: [
    watching(Pod, (pod, previous, { lister }) => {
      const used = (pod.spec.resourceClaims ?? []).length > 0 || (previous?.spec.resourceClaims ?? []).length > 0;
      if (!used) return [];
      return lister(ResourceClaim)
        .list(pod.metadata.namespace)
        .filter((claim) => concerns(claim, pod))
        .map(referenceTo);
    }),
  ],

  async reconcile(claim, context) {
    const pods = context.lister(Pod);
    const { namespace } = claim.metadata;
    const reserved = claim.status?.reservedFor ?? [];
    const valid = reserved.filter(({ name, uid, resource }) => {
      const pod = pods.get(name, namespace);
      return resource !== 'pods' || (pod?.metadata.uid === uid && !isDone(pod));
    });
    const isLeaving = isBeingDeleted(claim) && valid.length === 0 && isProtected(claim);
    if (valid.length < reserved.length || isLeaving) await release(claim, valid, context);
    const owner = controllerOf(claim);
    const pod = owner?.kind === 'Pod' ? pods.get(owner.name, namespace) : undefined;
    if (valid.length > 0 || isBeingDeleted(claim) || !pod || pod.metadata.uid !== owner?.uid || !isDone(pod)) return;
    await context.delete(ResourceClaim, claim);
  },
});

const concerns = ({ metadata, status }: ResourceClaim, pod: Pod): boolean =>
  (status?.reservedFor ?? []).some(({ uid }) => uid === pod.metadata.uid) ||
  (metadata.ownerReferences ?? []).some(({ uid }) => uid === pod.metadata.uid);

/** It has run to its end, or goes without ever having had a node. */
const isDone = (pod: Pod): boolean => isFinished(pod) || (isBeingDeleted(pod) && !pod.spec.nodeName);

const isProtected = ({ metadata }: ResourceClaim): boolean => metadata.finalizers?.includes(claimFinalizer) ?? false;

/** Pods that are done use it no more. With the last one its devices are free again, and nothing keeps it. */
async function release(
  claim: ResourceClaim,
  reservedFor: NonNullable<ResourceClaim['status']>['reservedFor'] & object,
  { client }: Context,
): Promise<void> {
  const { allocation, reservedFor: _, ...status } = claim.status ?? {};
  const keepsDevices = allocation && (reservedFor.length > 0 || !isProtected(claim));
  const updated = await client.updateStatus(ResourceClaim as Kind<ResourceClaim>, {
    ...claim,
    status: { ...status, ...(keepsDevices && { allocation }), ...(reservedFor.length > 0 && { reservedFor }) },
  });
  if (updated.status?.allocation || !isProtected(updated)) return;
  const { finalizers = [], ...metadata } = updated.metadata;
  await client.update(ResourceClaim as Kind<ResourceClaim>, {
    ...updated,
    metadata: { ...metadata, finalizers: finalizers.filter((each) => each !== claimFinalizer) },
  });
}
