// The signers that Kubernetes runs itself: what each of them accepts, in its own words when it does not.

import type { CertificateRequest } from '../../server/tokens/key-maker.ts';

/** Requested usages, in the words of the API. */
type Usages = readonly string[];

export interface Signer {
  readonly name: string;
  /** What is wrong with a request; undefined when it may be signed. */
  refusal(request: CertificateRequest, usages: Usages): string | undefined;
}

const serving: Usages = ['digital signature', 'key encipherment', 'server auth'];
const client: Usages = ['client auth', 'digital signature', 'key encipherment'];

export const kubeletClient: Signer = {
  name: 'kubernetes.io/kube-apiserver-client-kubelet',
  refusal: (request, usages) =>
    notOfNodes(request) ??
    withAlternatives(request, ['dns', 'ip', 'email', 'uri']) ??
    notOfNode(request) ??
    mismatch(client, usages),
};

const kubeletServing: Signer = {
  name: 'kubernetes.io/kubelet-serving',
  refusal(request, usages) {
    const { dns, ip } = request.alternatives;
    return (
      notOfNodes(request) ??
      (dns.length + ip.length === 0 ? 'DNS or IP subjectAltName is required' : undefined) ??
      withAlternatives(request, ['email', 'uri']) ??
      mismatch(serving, usages) ??
      notOfNode(request)
    );
  },
};

const apiServerClient: Signer = {
  name: 'kubernetes.io/kube-apiserver-client',
  refusal(_request, usages) {
    const stranger = usages.find((usage) => !client.includes(usage));
    if (stranger !== undefined) return `invalid usage for client certificate: ${stranger}`;
    return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
  },
};

/** Signs whatever was approved, as it always did. */
const legacyUnknown: Signer = { name: 'kubernetes.io/legacy-unknown', refusal: () => undefined };

export const signers: readonly Signer[] = [kubeletServing, kubeletClient, apiServerClient, legacyUnknown];

const notOfNodes = ({ organizations }: CertificateRequest): string | undefined =>
  organizations.length === 1 && organizations[0] === 'system:nodes'
    ? undefined
    : 'subject organization is not system:nodes';

const notOfNode = ({ commonName }: CertificateRequest): string | undefined =>
  commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';

const spoken = { dns: 'DNS', ip: 'IP', email: 'Email', uri: 'URI' } as const;

function withAlternatives(
  { alternatives }: CertificateRequest,
  sorts: readonly (keyof typeof spoken)[],
): string | undefined {
  const sort = sorts.find((each) => alternatives[each].length > 0);
  return sort && `${spoken[sort]} subjectAltNames are not allowed`;
}

/** Key encipherment is for RSA keys and may be left out. */
function mismatch(required: Usages, usages: Usages): string | undefined {
  const asked = new Set(usages);
  const same = (wanted: Usages) => asked.size === wanted.length && wanted.every((usage) => asked.has(usage));
  if (same(required) || same(required.filter((usage) => usage !== 'key encipherment'))) return undefined;
  return `usages did not match [${required.join(' ')}]`;
}
