// VolumeAttachment: a volume that is, or is to be, at a node.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, forbiddenField, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  VolumeAttachmentSource,
  VolumeAttachmentSpec,
  VolumeAttachment as Shape,
} from '../generated/types/storage-v1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import { driverNameIssues } from './driver-name.ts';

export type VolumeAttachment = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.storage.v1.VolumeAttachmentSpec', field });

export const VolumeAttachment = defineKind<VolumeAttachment>('storage.k8s.io/v1', 'VolumeAttachment', {
  returnsDeleted: true,
  requireVersionOnUpdate: true,
  generation: 'none',
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  prepareForStatusUpdate: keepMetadata,
  resetFields: statusOnlyFields,
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) =>
    deepEqual(spec, previous.spec) ? [] : [immutable('spec', internalSpec(spec))],
  columns: [
    nameColumn,
    { ...textColumn<VolumeAttachment>('Attacher', specField('attacher'), ({ spec }) => spec.attacher), format: 'name' },
    textColumn(
      'PV',
      { type: 'io.k8s.api.storage.v1.VolumeAttachmentSource', field: 'persistentVolumeName' },
      ({ spec }) => spec.source.persistentVolumeName ?? '',
    ),
    textColumn('Node', specField('nodeName'), ({ spec }) => spec.nodeName),
    {
      name: 'Attached',
      type: 'boolean',
      description: { type: 'io.k8s.api.storage.v1.VolumeAttachmentStatus', field: 'attached' },
      cell: ({ status }) => status?.attached ?? false,
    },
    ageColumn,
  ],
});

const internalSpec = ({ attacher, source, nodeName }: VolumeAttachmentSpec) => ({
  Attacher: attacher,
  Source: {
    PersistentVolumeName: source.persistentVolumeName ?? null,
    InlineVolumeSpec: source.inlineVolumeSpec ?? null,
  },
  NodeName: nodeName,
});

function specIssues(spec: VolumeAttachmentSpec | undefined): Issue[] {
  return [
    ...driverNameIssues(spec?.attacher ?? '', 'spec.attacher'),
    ...sourceIssues(spec?.source ?? {}, 'spec.source'),
    ...complain('spec.nodeName', spec?.nodeName ?? '', isDns1123Subdomain),
  ];
}

const oneOfBoth = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function sourceIssues(
  { persistentVolumeName: name, inlineVolumeSpec: inline }: VolumeAttachmentSource,
  field: string,
): Issue[] {
  if (name !== undefined && inline) return [forbiddenField(field, oneOfBoth)];
  if (name !== undefined) {
    const issues = name
      ? []
      : [required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
    return [...issues, ...complain(`${field}.persistentVolumeName`, name, isDns1123Subdomain)];
  }
  if (!inline) return [required(field, oneOfBoth)];
  const place = `${field}.inlineVolumeSpec`;
  const forbidden = (
    ['capacity', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeMode'] as const
  )
    .filter((part) => inline[part] !== undefined)
    .map((part) => forbiddenField(`${place}.${part}`, 'may not be specified in the context of inline volumes'));
  return inline.csi
    ? forbidden
    : [...forbidden, required(`${place}.csi`, 'has to be specified in the context of inline volumes')];
}
