// What a node may do: look after itself and the pods on it, and read only what those pods use.

import type { Kind } from '../api/kind.ts';
import type { Mirror } from '../api/mirror.ts';
import type { UserInfo } from '../api/request.ts';
import type { FieldRequirement } from '../base/selectors.ts';
import { PodCertificateRequest } from '../kinds/certificates/pod-certificate-request.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import { VolumeAttachment } from '../kinds/storage/volume-attachment.ts';
import type { AccessRequest, Authorizer, Decision } from './authorize.ts';
import { policyOf } from './bootstrap/gated-policy.ts';
import { claimsOf, configMapsOf, resourceClaimsOf, secretsIn, secretsOf } from './pod-references.ts';
import { type PolicyRule, ruleAllows } from './rbac.ts';
import type { Server } from './server.ts';

type Asked = NonNullable<AccessRequest['resource']>;

interface World {
  readonly pods: Mirror<Pod>;
  readonly volumes: Mirror<PersistentVolume>;
  readonly attachments: Mirror<VolumeAttachment>;
  readonly slices: Mirror<ResourceSlice>;
  /** Undefined where none are served. */
  readonly requests: Mirror<PodCertificateRequest> | undefined;
}

/** What there is to say about some resources, and about all others. */
interface Rules {
  readonly own: Readonly<Record<string, Rule>>;
  readonly others: readonly PolicyRule[];
}

const yes: Decision = { verdict: 'allow', reason: '' };
const unsaid = (reason = ''): Decision => ({ verdict: 'no-opinion', reason });

const byNode = 'node-authorizer';
const byClaim = 'node-authorizer';
const claimKey = (namespace = '', name = ''): string => `${namespace}/${name}`;
const mirrorAnnotation = 'kubernetes.io/config.mirror';

export function nodeAuthorizer(server: Server, enabled: (featureGate: string) => boolean): Authorizer {
  const rules: Rules = {
    own: enabled('PodCertificateRequest') ? { ...ownRules, ...certificateRules } : ownRules,
    others: policyOf(enabled).clusterRoles['system:node'] ?? [],
  };
  let world: Promise<World> | undefined;
  return async (request) => {
    const node = nodeNameOf(request.user);
    if (node === undefined) return unsaid();
    if (node === '') return unsaid(`unknown node for user ${JSON.stringify(request.user.name)}`);
    world ??= worldOf(server);
    return decideFor(node, request, rules, await world);
  };
}

const prefix = 'system:node:';

/** Undefined: no node at all. Nodes are told by their name and their group. */
function nodeNameOf({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(prefix) && groups.includes('system:nodes') ? name.slice(prefix.length) : undefined;
}

async function worldOf(server: Server): Promise<World> {
  const mirror = async (kind: unknown): Promise<unknown> => (await server.caches.of(kind as Kind)).mirror;
  const { group, plural } = PodCertificateRequest;
  const certified = server.catalog.find(group, 'v1beta1', plural) !== undefined;
  const pods = (await mirror(Pod)) as Mirror<Pod>;
  pods.index(byNode, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
  const volumes = (await mirror(PersistentVolume)) as Mirror<PersistentVolume>;
  volumes.index(byClaim, ({ spec: { claimRef } }) => (claimRef ? [claimKey(claimRef.namespace, claimRef.name)] : []));
  return {
    pods,
    volumes,
    slices: (await mirror(ResourceSlice)) as Mirror<ResourceSlice>,
    attachments: (await mirror(VolumeAttachment)) as Mirror<VolumeAttachment>,
    requests: certified ? ((await mirror(PodCertificateRequest)) as Mirror<PodCertificateRequest>) : undefined,
  };
}

type Rule = (node: string, verb: string, asked: Asked, world: World) => Decision;

function decideFor(node: string, request: AccessRequest, rules: Rules, world: World): Decision {
  const { verb, resource } = request;
  const own = resource && rules.own[resource.group ? `${resource.resource}.${resource.group}` : resource.resource];
  if (own) return own(node, verb, resource, world);
  return rules.others.some((rule) => ruleAllows(rule, request)) ? yes : unsaid();
}

type Related = (node: string, asked: Asked, world: World) => boolean;

const podsOn = (node: string, { pods }: World): readonly Pod[] =>
  pods.indexed(byNode, node).filter(({ metadata }) => metadata.annotations?.[mirrorAnnotation] === undefined);

/** Related through a pod of the same namespace that is on the node and names the object. */
const throughPods =
  (namesOf: (pod: Pod) => readonly string[]): Related =>
  (node, { namespace, name }, world) =>
    podsOn(node, world).some((pod) => pod.metadata.namespace === namespace && namesOf(pod).includes(name));

/** Volumes say themselves which claim they are for. */
const volumesOf = (node: string, world: World): readonly PersistentVolume[] =>
  podsOn(node, world).flatMap((pod) =>
    claimsOf(pod).flatMap((name) => world.volumes.indexed(byClaim, claimKey(pod.metadata.namespace, name))),
  );

const relatedSecret: Related = (node, asked, world) =>
  throughPods(secretsOf)(node, asked, world) ||
  volumesOf(node, world).some((volume) =>
    secretsIn(volume.spec, volume.spec.claimRef?.namespace ?? '').some(
      ({ namespace, name }) => namespace === asked.namespace && name === asked.name,
    ),
  );

const relatedVolume: Related = (node, { name }, world) =>
  volumesOf(node, world).some(({ metadata }) => metadata.name === name);

const relatedAttachment: Related = (node, { name }, { attachments }) => attachments.get(name)?.spec.nodeName === node;

function relatedTo(related: Related): Rule {
  return (node, _verb, asked, world) => {
    if (asked.name === '') return unsaid('No Object name found');
    return related(node, asked, world) ? yes : unsaid(`no relationship found between node '${node}' and this object`);
  };
}

const reading =
  (related: Related): Rule =>
  (node, verb, asked, world) => {
    if (!['get', 'list', 'watch'].includes(verb)) return unsaid('can only read resources of this type');
    if (asked.subresource) return unsaid('cannot read subresource');
    if (!asked.namespace) return unsaid('can only read namespaced object of this type');
    return relatedTo(related)(node, verb, asked, world);
  };

const getting =
  (related: Related): Rule =>
  (node, verb, asked, world) => {
    if (verb !== 'get') return unsaid('can only get individual resources of this type');
    if (asked.subresource) return unsaid('cannot get subresource');
    return relatedTo(related)(node, verb, asked, world);
  };

const claim: Rule = (node, verb, asked, world) => {
  const related = throughPods(claimsOf);
  if (asked.subresource !== 'status') return getting(related)(node, verb, asked, world);
  if (!['patch', 'update'].includes(verb)) return unsaid('can only get/update/patch this type');
  return relatedTo(related)(node, verb, asked, world);
};

const account: Rule = (node, verb, asked, world) => {
  const related = throughPods(({ spec }) => [spec.serviceAccountName ?? '']);
  if (verb === 'get' && !asked.subresource) return reading(related)(node, verb, asked, world);
  if (verb !== 'create' || asked.name === '') return unsaid('can only create tokens for individual service accounts');
  if (asked.subresource !== 'token') return unsaid('can only create token subresource of serviceaccount');
  return relatedTo(related)(node, verb, asked, world);
};

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

/** An object that bears the node's name. */
const named =
  (what: string, which: string): Rule =>
  (node, verb, { name }) => {
    if (!ownVerbs.includes(verb)) return unsaid(`can only get, create, update, patch, or delete a ${what}`);
    if (verb !== 'create' && name !== node)
      return unsaid(`can only access ${which} with the same name as the requesting node`);
    return yes;
  };

const lease: Rule = (node, verb, asked, world) => {
  if (asked.namespace !== 'kube-node-lease' && ownVerbs.includes(verb))
    return unsaid('can only access leases in the "kube-node-lease" system namespace');
  return named('node lease', 'node lease')(node, verb, asked, world);
};

const csiNode: Rule = (node, verb, asked, world) =>
  asked.subresource && ownVerbs.includes(verb)
    ? unsaid('cannot authorize CSINode subresources')
    : named('CSINode', 'CSINode')(node, verb, asked, world);

const nodeItself: Rule = (node, verb, { name, subresource }) => {
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? yes : unsaid();
  if (subresource !== '') return unsaid();
  if (['create', 'update', 'patch'].includes(verb)) return yes;
  if (!['get', 'list', 'watch'].includes(verb)) return unsaid();
  if (name === node) return yes;
  return unsaid(`node '${node}' cannot read ${name === '' ? 'all nodes' : `'${name}'`}, only its own Node object`);
};

const selects = (asked: Asked, field: string, value: string): boolean =>
  (asked.fieldSelector ?? []).some(
    (each: FieldRequirement) => each.field === field && each.operator === '=' && each.value === value,
  );

const pod: Rule = (node, verb, asked, world) => {
  if (asked.subresource === 'status') return ['update', 'patch'].includes(verb) ? yes : unsaid();
  if (asked.subresource === 'eviction') return verb === 'create' ? yes : unsaid();
  if (asked.subresource !== '') return unsaid();
  if (verb === 'create' || verb === 'delete') return yes;
  if (verb === 'get') return getting(onNode)(node, verb, asked, world);
  if (verb !== 'list' && verb !== 'watch') return unsaid();
  if (selects(asked, 'spec.nodeName', node)) return yes;
  if (asked.name !== '') return relatedTo(onNode)(node, verb, asked, world);
  return unsaid('can only list/watch pods with spec.nodeName field selector');
};

const onNode: Related = (node, { namespace, name }, { pods }) => pods.get(name, namespace)?.spec.nodeName === node;

const manyVerbs = ['watch', 'list', 'deletecollection'];
const sliceVerbs =
  'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection';

const resourceSlice: Rule = (node, verb, asked, world) => {
  if (asked.subresource) return unsaid('cannot authorize ResourceSlice subresources');
  if (verb === 'create') return yes;
  if (ownVerbs.includes(verb)) return relatedTo(relatedSlice)(node, verb, asked, world);
  if (!manyVerbs.includes(verb)) return unsaid(sliceVerbs);
  return selects(asked, 'spec.nodeName', node)
    ? yes
    : unsaid('can only list/watch/deletecollection resourceslices with nodeName field selector');
};

const relatedSlice: Related = (node, { name }, { slices }) => slices.get(name)?.spec.nodeName === node;

const certificateRequest: Rule = (node, verb, asked, world) => {
  if (asked.subresource) return unsaid('nodes may not access the status subresource of PodCertificateRequests');
  if (verb === 'create') return yes;
  if (verb === 'get') return relatedTo(ownRequest)(node, verb, asked, world);
  if (verb !== 'list' && verb !== 'watch') return unsaid(`nodes may not ${verb} podcertificaterequests`);
  return selects(asked, 'spec.nodeName', node)
    ? yes
    : unsaid('can only list/watch podcertificaterequests with nodeName field selector');
};

const ownRequest: Related = (node, { namespace, name }, { requests }) =>
  requests?.get(name, namespace)?.spec.nodeName === node;

const certificateRules: Rules['own'] = { 'podcertificaterequests.certificates.k8s.io': certificateRequest };

const ownRules: Rules['own'] = {
  secrets: reading(relatedSecret),
  configmaps: reading(throughPods(configMapsOf)),
  persistentvolumeclaims: claim,
  persistentvolumes: getting(relatedVolume),
  'volumeattachments.storage.k8s.io': getting(relatedAttachment),
  'resourceclaims.resource.k8s.io': getting(throughPods(resourceClaimsOf)),
  'resourceslices.resource.k8s.io': resourceSlice,
  serviceaccounts: account,
  'leases.coordination.k8s.io': lease,
  'csinodes.storage.k8s.io': csiNode,
  nodes: nodeItself,
  pods: pod,
};
