// The name of a cluster, as given or `default`.

import { isDns1123Label } from '../base/names.ts';
import { UserError } from './errors.ts';

export function clusterNameOf(given: string | undefined): string {
  const name = given ?? 'default';
  if (isDns1123Label(name).length > 0) {
    throw new UserError(
      `${JSON.stringify(name)} is no name for a cluster: use lower-case letters, digits and dashes, like shop or pr-42`,
    );
  }
  return name;
}
