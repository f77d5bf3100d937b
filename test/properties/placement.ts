import fc from 'fast-check';
import { referenceTo } from '../../src/client/client.ts';
import { Node } from '../../src/kinds/core/node.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import type { PodSpec } from '../../src/kinds/generated/types/core-v1.ts';
import type { NodeSpec } from '../../src/node/node-object.ts';
import { property } from './property.ts';

const nodes: readonly NodeSpec[] = [
  { name: 'n1', zone: 'a', cpu: '2' },
  { name: 'n2', zone: 'b', cpu: '2', taints: [{ key: 'own', value: 'yes', effect: 'NoSchedule' }] },
  { name: 'n3', zone: 'b', cpu: '1', labels: { disk: 'ssd' } },
];

type Act =
  | {
      readonly make: {
        readonly cpu: number;
        readonly ssd: boolean;
        readonly tolerant: boolean;
        readonly alone: boolean;
      };
    }
  | { readonly remove: number }
  | { readonly cordon: string; readonly closed: boolean }
  | { readonly wait: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      make: fc.record({
        cpu: fc.constantFrom(100, 300, 700, 1000),
        ssd: fc.boolean(),
        tolerant: fc.boolean(),
        alone: fc.boolean(),
      }),
    }),
  },
  fc.record({ remove: fc.nat(9) }),
  fc.record({ cordon: fc.constantFrom('n1', 'n2', 'n3'), closed: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 10 }) }) },
);

const milli = (quantity = '0'): number =>
  quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
const requestOf = ({ spec }: Pod): number => milli(spec.containers[0]?.resources?.requests?.cpu);
const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';
const isAlone = ({ spec }: Pod): boolean => spec.affinity?.podAntiAffinity !== undefined;

const specOf = ({ cpu, ssd, tolerant, alone }: Extract<Act, { make: unknown }>['make']): PodSpec => ({
  terminationGracePeriodSeconds: 1 as never,
  containers: [{ name: 'c', image: 'example.com/c:1', resources: { requests: { cpu: `${cpu}m` } } }],
  ...(ssd && { nodeSelector: { disk: 'ssd' } }),
  ...(tolerant && { tolerations: [{ key: 'own', operator: 'Exists' as const }] }),
  ...(alone && {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { alone: 'yes' } } },
        ],
      },
    },
  }),
});

export const placement = property({
  name: 'placement',
  says: 'No pod is placed on a node that its filters refuse',
  nodes,
  stories: fc.array(act, { minLength: 3, maxLength: 25 }),

  async play(acts, { client, informers, observe, wait, broken }) {
    const [machines, pods] = [await informers.of(Node), await informers.of(Pod)];
    await observe(Pod, ({ object: pod, previous }) => {
      if (!pod?.spec.nodeName || previous?.spec.nodeName) return;
      const name = pod.spec.nodeName;
      const there = pods.list().filter((each) => each.spec.nodeName === name && !hasEnded(each));
      for (const fault of faultsOf(pod, machines.get(name), there))
        broken(`${pod.metadata.name} is placed on ${name}, ${fault}`);
    });
    let made = 0;
    for (const each of acts) {
      if ('wait' in each) await wait(each.wait);
      else if ('make' in each) {
        const metadata = {
          name: `p${++made}`,
          namespace: 'default',
          ...(each.make.alone && { labels: { alone: 'yes' } }),
        };
        await client.create(Pod, { metadata, spec: specOf(each.make) });
      } else if ('remove' in each) {
        const all = pods.list('default');
        const pod = all[each.remove % Math.max(1, all.length)];
        if (pod) await client.delete(Pod, referenceTo(pod));
      } else
        await client.patch(
          Node,
          { name: each.cordon, namespace: '' },
          { spec: { unschedulable: each.closed } },
          { type: 'merge' },
        );
    }
    await wait(30);
  },
});

/** Why a pod should not be on a node with these pods that hold their places (itself among them). */
function faultsOf(pod: Pod, node: Node | undefined, there: readonly Pod[]): string[] {
  if (!node) return ['which does not exist'];
  const faults: string[] = [];
  const { unschedulable, taints = [] } = node.spec ?? {};
  const requested = there.reduce((sum, each) => sum + requestOf(each), 0);
  const tolerated = new Set(pod.spec.tolerations?.map(({ key }) => key));
  if (unschedulable) faults.push('which is closed');
  if (requested > milli(node.status?.allocatable?.cpu)) faults.push(`which is full: ${requested}m are requested`);
  if (pod.spec.nodeSelector?.disk && node.metadata.labels?.disk !== 'ssd') faults.push('which has no ssd');
  if (taints.some(({ key, effect }) => key === 'own' && effect === 'NoSchedule') && !tolerated.has('own'))
    faults.push('whose taint it does not tolerate');
  if (isAlone(pod) && there.filter(isAlone).length > 1) faults.push('where one is that it may not be with');
  return faults;
}
