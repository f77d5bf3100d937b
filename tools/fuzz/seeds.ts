// Objects that a server accepts, to be spoiled: by resource, without metadata.

const container = { name: 'c', image: 'x' };
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: 'a' } };
const workload = { selector, template };
const jobTemplate = { spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } } } };
const subjects = [{ kind: 'User', name: 'a', apiGroup: 'rbac.authorization.k8s.io' }];
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' };
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const matched = [
  { apiGroups: ['fuzz.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
];
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

export const seeds: Readonly<Record<string, object>> = {
  pods: {
    spec: {
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          env: [{ name: 'A', value: 'b' }],
          resources: { limits: { cpu: '1' } },
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      tolerations: [{ key: 'a', operator: 'Exists' }],
    },
  },
  services: { spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
  configmaps: { data: { a: '1', b: '2' } },
  secrets: { stringData: { a: '1' } },
  serviceaccounts: {},
  namespaces: {},
  nodes: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
  limitranges: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
  resourcequotas: { spec: { hard: { pods: '100' } } },
  replicationcontrollers: { spec: { selector: { app: 'a' }, template } },
  podtemplates: { template },
  persistentvolumeclaims: { spec: claim },
  persistentvolumes: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  },
  'deployments.apps': { spec: { replicas: 1, ...workload } },
  'replicasets.apps': { spec: workload },
  'daemonsets.apps': { spec: workload },
  'statefulsets.apps': {
    spec: { serviceName: 'a', ...workload, volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: claim }] },
  },
  'controllerrevisions.apps': { revision: 1, data: { a: 1 } },
  'jobs.batch': jobTemplate,
  'cronjobs.batch': { spec: { schedule: '* * * * *', jobTemplate } },
  'horizontalpodautoscalers.autoscaling': {
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' } },
  },
  'poddisruptionbudgets.policy': { spec: { minAvailable: 1, selector } },
  'networkpolicies.networking.k8s.io': { spec: { podSelector: selector, ingress: [{ from: [{ podSelector: {} }] }] } },
  'ingresses.networking.k8s.io': { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  'ingressclasses.networking.k8s.io': { spec: { controller: 'example.com/c' } },
  'servicecidrs.networking.k8s.io': { spec: { cidrs: ['10.97.0.0/16'] } },
  'leases.coordination.k8s.io': { spec: { holderIdentity: 'a', leaseDurationSeconds: 10 } },
  'roles.rbac.authorization.k8s.io': { rules },
  'clusterroles.rbac.authorization.k8s.io': { rules },
  'rolebindings.rbac.authorization.k8s.io': { subjects, roleRef },
  'clusterrolebindings.rbac.authorization.k8s.io': { subjects, roleRef },
  'priorityclasses.scheduling.k8s.io': { value: 5 },
  'runtimeclasses.node.k8s.io': { handler: 'a' },
  'storageclasses.storage.k8s.io': { provisioner: 'example.com/disk' },
  'csidrivers.storage.k8s.io': { spec: { attachRequired: false } },
  'csinodes.storage.k8s.io': { spec: { drivers: [] } },
  'volumeattachments.storage.k8s.io': { spec: { attacher: 'a', nodeName: 'a', source: { persistentVolumeName: 'a' } } },
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    spec: {
      matchConstraints: { resourceRules: matched },
      validations: [{ expression: 'object.metadata.name != "b"' }],
    },
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    spec: { policyName: 'a', validationActions: ['Warn'] },
  },
  'mutatingadmissionpolicies.admissionregistration.k8s.io': {
    spec: {
      matchConstraints: { resourceRules: matched },
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' },
        },
      ],
    },
  },
  'resourceclaims.resource.k8s.io': {
    spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'a' } }] } },
  },
  'deviceclasses.resource.k8s.io': { spec: { selectors: [{ cel: { expression: 'device.driver == "a"' } }] } },
  'flowschemas.flowcontrol.apiserver.k8s.io': { spec: { priorityLevelConfiguration: { name: 'exempt' } } },
  'certificatesigningrequests.certificates.k8s.io': {
    spec: { request: 'eA==', signerName: 'example.com/s', usages: ['any'] },
  },
  'selfsubjectaccessreviews.authorization.k8s.io': { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
  'tokenreviews.authentication.k8s.io': { spec: { token: 'a' } },
};

/** Bodies of subresources that have a kind of their own. */
export const subresourceSeeds: Readonly<Record<string, object>> = {
  scale: { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 2 } },
  binding: { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'a' } },
  eviction: { apiVersion: 'policy/v1', kind: 'Eviction' },
  token: {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['a'], expirationSeconds: 600 },
  },
  ephemeralcontainers: { spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } },
  resize: { spec: { containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] } },
  approval: { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'a' }] } },
  status: { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
};
