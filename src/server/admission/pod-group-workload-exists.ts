// PodGroupWorkloadExists: a group of pods is made from a template that its workload has.

import { forbidden } from '../../api/status.ts';
import type { PodGroup } from '../../kinds/scheduling/pod-group.ts';
import { Workload } from '../../kinds/scheduling/workload.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const podGroupWorkloadExists: AdmissionPlugin = {
  name: 'PodGroupWorkloadExists',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && subresource === '' && kind.group === 'scheduling.k8s.io' && kind.plural === 'podgroups',

  async validate({ object, namespace, name }, world) {
    const wanted = (object as Draft & PodGroup).spec.podGroupTemplateRef?.workload;
    if (!wanted) return;
    const refused = (why: string) =>
      forbidden({ group: 'scheduling.k8s.io', resource: 'podgroups' }, name, `PodGroup rejected: ${why}`);
    const [workloadName, template] = [JSON.stringify(wanted.workloadName), JSON.stringify(wanted.podGroupTemplateName)];
    const workload = (await world.mirror(Workload)).get(wanted.workloadName, namespace);
    if (!workload) throw refused(`Workload ${workloadName} not found`);
    if (workload.metadata.deletionTimestamp) throw refused(`Workload ${workloadName} is being deleted`);
    if (workload.spec.podGroupTemplates.some(({ name }) => name === wanted.podGroupTemplateName)) return;
    throw refused(`PodGroupTemplate ${template} not found in Workload ${workloadName}`);
  },
};
