// A condition that a write makes about the stored object and that does not hold, as upstream's storage says so.

import { type ApiError, conflict } from '../../api/status.ts';

/** `folder`: where upstream keeps such objects, below /registry. */
export function preconditionFailed(
  about: { readonly group: string; readonly resource: string },
  name: string,
  folder: string,
  why: string,
): ApiError {
  const place = `Code: 4, Key: /registry/${folder}/${name}, ResourceVersion: 0`;
  return conflict(
    about,
    name,
    `StorageError: invalid object, ${place}, AdditionalErrorMsg: Precondition failed: ${why}`,
  );
}
