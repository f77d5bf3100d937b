// ServiceAccount: every pod runs as some service account, whose token, CA and namespace are mounted into its containers.

import { forbidden } from '../../api/status.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { ServiceAccount } from '../../kinds/core/service-account.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A token that outlives its rotation by seven seconds, as upstream asks for it. */
const tokenSeconds = 3607;
/** Static pods are only mirrored: they carry what their node gave them. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';

type PodDraft = Draft & Pod;

export const serviceAccountAdmission: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.plural === 'pods' && kind.group === '' && subresource === '',

  async mutate({ object, namespace }, world) {
    const pod = object as PodDraft;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return requireMirror(pod);
    pod.spec.serviceAccountName ||= 'default';
    pod.spec.serviceAccount = pod.spec.serviceAccountName;
    const account = (await world.mirror(ServiceAccount)).get(pod.spec.serviceAccountName, namespace);
    if (!account) {
      throw refused(
        pod,
        `error looking up service account ${namespace}/${pod.spec.serviceAccountName}: serviceaccount ${JSON.stringify(pod.spec.serviceAccountName)} not found`,
      );
    }
    if (mounts(pod, account)) mountToken(pod, `kube-api-access-${world.random.suffix(5)}`);
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
    }
  },
};

const refused = (pod: PodDraft, why: string) =>
  forbidden({ group: '', resource: 'pods' }, pod.metadata.name ?? '', why);

function requireMirror(pod: PodDraft): void {
  if (pod.spec.serviceAccountName) throw refused(pod, 'a mirror pod may not reference service accounts');
  if (pod.spec.volumes?.some((volume) => volume.secret)) throw refused(pod, 'a mirror pod may not reference secrets');
}

function mounts(pod: PodDraft, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(pod: PodDraft, fresh: string): void {
  const volumes = (pod.spec.volumes ??= []);
  const present = volumes.find(({ name }) => name.startsWith('kube-api-access-'))?.name;
  const name = present ?? fresh;
  let needed = false;
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    needed = true;
  }
  if (needed && !present) volumes.push(tokenVolume(name));
  if (volumes.length === 0) delete pod.spec.volumes;
}

const tokenVolume = (name: string) => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});
