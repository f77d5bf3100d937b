// Columns that many kinds' tables share.

import type { Column } from '../api/kind.ts';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: { type: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', field: 'name' },
  cell: (object) => object.metadata.name ?? '',
};
