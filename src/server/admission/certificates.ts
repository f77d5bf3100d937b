// Certificates: requests for them say truthfully who asks, never make anybody a master, and are approved and signed by those who may.

import { bytesOfBase64, textOf } from '../../base/bytes.ts';
import { requestedSubject } from '../../base/certificate-request.ts';
import { deepEqual } from '../../base/equal.ts';
import { forbiddenField, invalidObject } from '../../api/issues.ts';
import { forbidden } from '../../api/status.ts';
import type { CertificateSigningRequest } from '../../kinds/certificates/certificate-signing-request.ts';
import type { ClusterTrustBundle } from '../../kinds/certificates/cluster-trust-bundle.ts';
import type { PodCertificateRequest } from '../../kinds/certificates/pod-certificate-request.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';

type Request = CertificateSigningRequest;

const group = 'certificates.k8s.io';
const clientSigner = 'kubernetes.io/kube-apiserver-client';

const isRequest = ({ kind }: Attributes): boolean =>
  kind.group === group && kind.plural === 'certificatesigningrequests';

const refused = ({ name, object }: Attributes, why: string) =>
  forbidden({ group, resource: 'certificatesigningrequests' }, name || (object?.metadata.name ?? ''), why);

/** Upstream has this in the storage of requests: whatever the body says, the requester is the user. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  handles: (attributes) => isRequest(attributes) && attributes.operation === 'CREATE',

  mutate({ object, user }) {
    const { spec } = object as Draft & Request;
    if (!spec) return;
    spec.username = user.name;
    spec.groups = [...user.groups];
    if (user.uid) spec.uid = user.uid;
    else delete spec.uid;
    if (user.extra)
      spec.extra = Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]));
    else delete spec.extra;
  },
};

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (attributes) => isRequest(attributes) && attributes.operation === 'CREATE' && attributes.subresource === '',

  validate(attributes) {
    const { spec } = attributes.object as Draft & Request;
    if (spec.signerName !== clientSigner) return;
    const bytes = bytesOfBase64(spec.request ?? '');
    const subject = bytes && requestedSubject(textOf(bytes));
    if (subject?.organizations.includes('system:masters'))
      throw refused(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
};

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  handles: (attributes) =>
    isRequest(attributes) && attributes.operation === 'UPDATE' && attributes.subresource === 'approval',

  validate: (attributes, world) => requireSigner(attributes, world, 'approve'),
};

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  handles: (attributes) =>
    isRequest(attributes) && attributes.operation === 'UPDATE' && attributes.subresource === 'status',

  async validate(attributes, world) {
    const [next, previous] = [attributes.object as Draft & Request, attributes.old as Request];
    const same = (field: 'certificate' | 'conditions') => deepEqual(next.status?.[field], previous.status?.[field]);
    if (!same('certificate') || !same('conditions')) await requireSigner(attributes, world, 'sign');
  },
};

const isOf = ({ kind }: Attributes, plural: string): boolean => kind.group === group && kind.plural === plural;

/** Who makes or changes a bundle of a signer's vouches for that signer. */
export const trustBundleAttestation: AdmissionPlugin = {
  name: 'ClusterTrustBundleAttest',
  handles: (attributes) => isOf(attributes, 'clustertrustbundles') && attributes.operation !== 'DELETE',

  async validate(attributes, world) {
    const [next, previous] = [attributes.object as Draft & ClusterTrustBundle, attributes.old as ClusterTrustBundle];
    const { signerName = '' } = next.spec ?? {};
    const same = previous && deepEqual(next.spec, previous.spec);
    if (!signerName || same || (await mayUse(signerName, attributes, world, 'attest'))) return;
    throw forbidden(
      { group, resource: 'clustertrustbundles' },
      next.metadata.name ?? '',
      `user not permitted to attest for signerName ${JSON.stringify(signerName)}`,
    );
  },
};

/** Upstream has this in the storage of these requests: only who may sign for the signer gives a certificate. */
export const podCertificateSigning: AdmissionPlugin = {
  name: 'PodCertificateSigning',
  handles: (attributes) => isOf(attributes, 'podcertificaterequests') && attributes.subresource === 'status',

  async validate(attributes, world) {
    const next = attributes.object as Draft & PodCertificateRequest;
    const previous = attributes.old as PodCertificateRequest;
    if ((next.status?.certificateChain ?? '') === (previous.status?.certificateChain ?? '')) return;
    const { signerName = '' } = previous.spec;
    if (await mayUse(signerName, attributes, world, 'sign')) return;
    const [user, signer] = [JSON.stringify(attributes.user.name), JSON.stringify(signerName)];
    const issue = forbiddenField('spec.signerName', `User ${user} is not permitted to "sign" for signer ${signer}`);
    throw invalidObject('PodCertificateRequest', group, attributes.name, [issue]);
  },
};

type SignerVerb = 'approve' | 'attest' | 'sign';

/** The right to one signer, or to all of its domain: `example.com/*`. */
async function mayUse(
  signerName: string,
  { user }: Attributes,
  world: AdmissionWorld,
  verb: SignerVerb,
): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/', 1)[0]}/*`]) {
    const resource = { group, version: '*', resource: 'signers', subresource: '', namespace: '', name };
    const { verdict } = await world.access.decide({ user, verb, resource });
    if (verdict === 'allow') return true;
  }
  return false;
}

async function requireSigner(attributes: Attributes, world: AdmissionWorld, verb: SignerVerb): Promise<void> {
  const { signerName = '' } = (attributes.old as Request).spec;
  if (await mayUse(signerName, attributes, world, verb)) return;
  throw refused(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}
