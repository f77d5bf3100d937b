// Gets a container's image onto the node, by its pull policy, and tells how that went in the kubelet's words.

import { formatDuration } from '../base/duration.ts';
import { pullDelayAfter } from './pod-plan.ts';
import { wait, type ContainerRecord } from './pod-record.ts';
import type { PodScope } from './pod-host.ts';
import { PullError, type Image } from './runtime.ts';

const imageName = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]*)?(?:@[\w+.-]+:[0-9a-fA-F]+)?$/;

/** Undefined when it cannot be had now; the container then waits for the next try. */
export async function imageFor(scope: PodScope, each: ContainerRecord): Promise<Image | undefined> {
  const { container } = each;
  const name = container.image ?? '';
  const present = scope.host.runtime.image(name);
  if (present && container.imagePullPolicy !== 'Always') {
    scope.normal(
      'Pulled',
      `Container image "${name}" already present on machine and can be accessed by the pod`,
      container,
    );
    return present;
  }
  try {
    return await pull(scope, each, name);
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    pullFailed(scope, each, error);
    return undefined;
  }
}

async function pull({ host, pod, normal }: PodScope, each: ContainerRecord, name: string): Promise<Image> {
  const { container } = each;
  refuse(name, container.imagePullPolicy);
  normal('Pulling', `Pulling image "${name}"`, container);
  const since = host.clock.now();
  const image = await host.runtime.pullImage(name, pod(), container);
  const took = formatDuration(Math.round(host.clock.now() - since));
  const text = `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ${image.bytes} bytes.`;
  normal('Pulled', text, container);
  delete each.pullDelay;
  return image;
}

function refuse(name: string, policy: string | undefined): void {
  if (!imageName.test(name)) {
    const text = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`;
    throw new PullError('InvalidImageName', text);
  }
  if (policy === 'Never')
    throw new PullError('ErrImageNeverPull', `Container image "${name}" is not present with pull policy of Never`);
}

const eventReasons = {
  ErrImagePull: 'Failed',
  ErrImageNeverPull: 'ErrImageNeverPull',
  InvalidImageName: 'InspectFailed',
};

function pullFailed({ host, warning }: PodScope, each: ContainerRecord, { reason, message }: PullError): void {
  const { container } = each;
  const text = reason === 'ErrImagePull' ? `Failed to pull image "${container.image}": ${message}` : message;
  warning(eventReasons[reason], text, container);
  warning('Failed', `Error: ${reason}`, container);
  each.pullDelay = pullDelayAfter(each.pullDelay);
  wait(each, { reason, message, retryAt: host.clock.now() + each.pullDelay });
}
