// What a cluster begins with: made at its first start, and left as it is at later ones.

import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';

export async function createOnce<T extends KubeObject>(client: Client, kind: Kind<T>, object: T): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}
