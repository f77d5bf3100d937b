// What both checks of capabilities say of those that are added.

import { type CheckedPod, containersOf, countedList, distinct, namesOf, quotedList } from '../check.ts';

/** Which containers add capabilities that are not among the allowed ones; undefined: none does. */
export function addedBeyond(allowed: readonly string[], pod: CheckedPod): string | undefined {
  const beyond = (added: readonly string[] | undefined) => (added ?? []).filter((each) => !allowed.includes(each));
  const bad = namesOf(pod, ({ securityContext }) => beyond(securityContext?.capabilities?.add).length > 0);
  if (bad.length === 0) return undefined;
  const names = containersOf(pod).flatMap(({ securityContext }) => beyond(securityContext?.capabilities?.add));
  return `${countedList('container', bad)} must not include ${quotedList(distinct(names))} in securityContext.capabilities.add`;
}
