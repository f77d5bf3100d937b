// How volumes and claims are written in tables, and the annotation both had before they had storage classes.

import type { KubeObject } from '../../api/object.ts';

const short = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' } as const;

/** `RWO,ROX`, in one order and each once. */
export const accessModesText = (modes: readonly string[] | undefined): string =>
  Object.entries(short)
    .flatMap(([mode, text]) => (modes?.includes(mode) ? [text] : []))
    .join(',');

export const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Whether a claim says of which class its volume is to be; the empty name says of none. */
export const hasClass = ({
  metadata,
  spec,
}: KubeObject & { readonly spec?: { readonly storageClassName?: string } }): boolean =>
  spec?.storageClassName !== undefined || metadata.annotations?.[classAnnotation] !== undefined;

export function classAnnotationWarnings({ metadata }: KubeObject): string[] {
  if (metadata.annotations?.[classAnnotation] === undefined) return [];
  return [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`];
}
