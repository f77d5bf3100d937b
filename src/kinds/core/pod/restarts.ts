// Which containers may run again once they have ended.

import { type Issue, forbiddenField } from '../../../api/issues.ts';
import type { Container, ContainerStatus, Pod, PodSpec } from '../../generated/types/core-v1.ts';

type List = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses';

/** A container that has ended and is not to be started again stays ended. */
export function restartIssues(next: Pod, previous: Pod): Issue[] {
  const { spec } = previous;
  const issues = (list: List, mayRun: (before: ContainerStatus, exitCode: number) => boolean) =>
    (previous.status?.[list] ?? []).flatMap((before, i) => {
      const ended = before.state?.terminated;
      const after = next.status?.[list]?.find(({ name }) => name === before.name);
      if (!ended || !after || after.state?.terminated || mayRun(before, ended.exitCode)) return [];
      return [forbiddenField(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state')];
    });
  return [
    ...issues('containerStatuses', ({ name }, exitCode) => {
      const container = (spec.containers ?? []).find((each) => each.name === name);
      return container !== undefined && isRestarted(container, spec, exitCode);
    }),
    ...issues('initContainerStatuses', ({ name }, exitCode) => isInitRestarted(name, spec, exitCode)),
    ...issues('ephemeralContainerStatuses', () => false),
  ];
}

/** By the first of its rules that speaks of the exit code, else by its own policy, else by the pod's. */
function isRestarted(container: Container, spec: PodSpec, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy === undefined) return followsPolicy(spec.restartPolicy, exitCode);
  const rule = restartPolicyRules.find(({ exitCodes }) => {
    const listed = (exitCodes?.values ?? []).includes(exitCode);
    return exitCodes?.operator === 'In' ? listed : exitCodes?.operator === 'NotIn' && !listed;
  });
  return rule ? true : followsPolicy(restartPolicy, exitCode);
}

const followsPolicy = (policy: string | undefined, exitCode: number): boolean =>
  policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);

/** Containers that run before the others end for good once they succeed, unless they run beside them. */
function isInitRestarted(name: string, spec: PodSpec, exitCode: number): boolean {
  if (followsPolicy(spec.restartPolicy, exitCode)) return true;
  return (spec.initContainers ?? []).find((each) => each.name === name)?.restartPolicy === 'Always';
}
