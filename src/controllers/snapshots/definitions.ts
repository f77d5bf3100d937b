// The custom resources of snapshots, as their project defines them: VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass.

import type { CustomResourceDefinition, JSONSchemaProps } from '../../kinds/generated/types/apiextensions-v1.ts';
import { snapshotGroup } from './kinds.ts';

const text: JSONSchemaProps = { type: 'string' };
const flag: JSONSchemaProps = { type: 'boolean' };
const time: JSONSchemaProps = { type: 'string', format: 'date-time' };
const object = (properties: Record<string, JSONSchemaProps>, more: JSONSchemaProps = {}): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...more,
});
const rules = (...pairs: readonly (readonly [rule: string, message: string])[]): JSONSchemaProps => ({
  'x-kubernetes-validations': pairs.map(([rule, message]) => ({ rule, message })),
});
const fixed = (field: string): JSONSchemaProps => ({ ...text, ...rules(['self == oldSelf', `${field} is immutable`]) });
const kept = (field: string) =>
  [`!has(oldSelf.${field}) || has(self.${field})`, `${field} is required once set`] as const;
const oneOf = (a: string, b: string) =>
  [
    `(has(self.${a}) && !has(self.${b})) || (!has(self.${a}) && has(self.${b}))`,
    `exactly one of ${a} and ${b} must be set`,
  ] as const;

const policy: JSONSchemaProps = { type: 'string', enum: ['Delete', 'Retain'] };
const fault = object({ message: text, time });
const quantity: JSONSchemaProps = {
  type: 'string',
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
};

const snapshotSpec = object(
  {
    source: object(
      {
        persistentVolumeClaimName: fixed('persistentVolumeClaimName'),
        volumeSnapshotContentName: fixed('volumeSnapshotContentName'),
      },
      rules(
        kept('persistentVolumeClaimName'),
        kept('volumeSnapshotContentName'),
        oneOf('volumeSnapshotContentName', 'persistentVolumeClaimName'),
      ),
    ),
    volumeSnapshotClassName: {
      ...text,
      ...rules(['size(self) > 0', 'volumeSnapshotClassName must not be the empty string when set']),
    },
  },
  { required: ['source'] },
);

const snapshotStatus = object({
  boundVolumeSnapshotContentName: text,
  creationTime: time,
  error: fault,
  readyToUse: flag,
  restoreSize: quantity,
  volumeGroupSnapshotName: text,
});

const references = ['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid'];

const contentSpec = object(
  {
    deletionPolicy: policy,
    driver: text,
    source: object(
      { snapshotHandle: fixed('snapshotHandle'), volumeHandle: fixed('volumeHandle') },
      rules(kept('volumeHandle'), kept('snapshotHandle'), oneOf('volumeHandle', 'snapshotHandle')),
    ),
    sourceVolumeMode: fixed('sourceVolumeMode'),
    volumeSnapshotClassName: text,
    volumeSnapshotRef: object(Object.fromEntries(references.map((name) => [name, text])), {
      'x-kubernetes-map-type': 'atomic',
      ...rules([
        'has(self.name) && has(self.__namespace__)',
        'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set',
      ]),
    }),
  },
  {
    required: ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'],
    ...rules(kept('sourceVolumeMode')),
  },
);

const contentStatus = object({
  creationTime: { type: 'integer', format: 'int64' },
  error: fault,
  readyToUse: flag,
  restoreSize: { type: 'integer', format: 'int64', minimum: 0 },
  snapshotHandle: text,
  volumeGroupSnapshotHandle: text,
});

interface Outline {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly schema: JSONSchemaProps;
  readonly hasStatus: boolean;
  /** Name, type and path. */
  readonly columns: readonly (readonly [name: string, type: string, jsonPath: string])[];
  readonly approval: string;
}

const age = ['Age', 'date', '.metadata.creationTimestamp'] as const;
const review = 'https://github.com/kubernetes-csi/external-snapshotter/pull';

const definitionOf = ({ kind, plural, shortNames, scope, schema, hasStatus, columns, approval }: Outline) =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${snapshotGroup}`,
      annotations: { 'api-approved.kubernetes.io': `${review}/${approval}` },
    },
    spec: {
      group: snapshotGroup,
      names: { kind, listKind: `${kind}List`, plural, shortNames: [...shortNames], singular: kind.toLowerCase() },
      scope,
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(hasStatus && { subresources: { status: {} } }),
          additionalPrinterColumns: [...columns, age].map(([name, type, jsonPath]) => ({ name, type, jsonPath })),
        },
      ],
    },
  }) as CustomResourceDefinition;

const common = { apiVersion: text, kind: text, metadata: { type: 'object' } };

export const snapshotDefinitions: readonly CustomResourceDefinition[] = [
  definitionOf({
    kind: 'VolumeSnapshotClass',
    plural: 'volumesnapshotclasses',
    shortNames: ['vsclass', 'vsclasses'],
    scope: 'Cluster',
    approval: '814',
    hasStatus: false,
    schema: object(
      {
        ...common,
        deletionPolicy: policy,
        driver: text,
        parameters: { type: 'object', additionalProperties: text as never },
      },
      { required: ['deletionPolicy', 'driver'] },
    ),
    columns: [
      ['Driver', 'string', '.driver'],
      ['DeletionPolicy', 'string', '.deletionPolicy'],
    ],
  }),
  definitionOf({
    kind: 'VolumeSnapshotContent',
    plural: 'volumesnapshotcontents',
    shortNames: ['vsc', 'vscs'],
    scope: 'Cluster',
    approval: '955',
    hasStatus: true,
    schema: object({ ...common, spec: contentSpec, status: contentStatus }, { required: ['spec'] }),
    columns: [
      ['ReadyToUse', 'boolean', '.status.readyToUse'],
      ['RestoreSize', 'integer', '.status.restoreSize'],
      ['DeletionPolicy', 'string', '.spec.deletionPolicy'],
      ['Driver', 'string', '.spec.driver'],
      ['VolumeSnapshotClass', 'string', '.spec.volumeSnapshotClassName'],
      ['VolumeSnapshot', 'string', '.spec.volumeSnapshotRef.name'],
      ['VolumeSnapshotNamespace', 'string', '.spec.volumeSnapshotRef.namespace'],
    ],
  }),
  definitionOf({
    kind: 'VolumeSnapshot',
    plural: 'volumesnapshots',
    shortNames: ['vs'],
    scope: 'Namespaced',
    approval: '814',
    hasStatus: true,
    schema: object({ ...common, spec: snapshotSpec, status: snapshotStatus }, { required: ['spec'] }),
    columns: [
      ['ReadyToUse', 'boolean', '.status.readyToUse'],
      ['SourcePVC', 'string', '.spec.source.persistentVolumeClaimName'],
      ['SourceSnapshotContent', 'string', '.spec.source.volumeSnapshotContentName'],
      ['RestoreSize', 'string', '.status.restoreSize'],
      ['SnapshotClass', 'string', '.spec.volumeSnapshotClassName'],
      ['SnapshotContent', 'string', '.status.boundVolumeSnapshotContentName'],
      ['CreationTime', 'date', '.status.creationTime'],
    ],
  }),
];
