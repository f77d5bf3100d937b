// How the parts of the control plane are: they live in this very process, so they are well when they run at all.

import type { KubeObject } from '../../api/object.ts';
import { notFound } from '../../api/status.ts';
import { selectionOf } from '../selection.ts';
import { encodeStored } from '../stored.ts';
import type { Server } from '../server.ts';
import type { VirtualHandler } from './index.ts';

const names = ['controller-manager', 'etcd-0', 'scheduler'];

export const componentStatus: VirtualHandler = async (server, exchange, target) => {
  const { kind } = target.served;
  if (target.verb === 'get') {
    if (!names.includes(target.name)) throw notFound(target, target.name);
    return { type: 'object', code: 200, object: statusOf(server, target.name) };
  }
  const selection = selectionOf(kind, '', '', exchange.request.query);
  const objects = names.map((name) => statusOf(server, name)).filter(selection.matches);
  const items = objects.map((object) => ({ object, bytes: encodeStored(kind, object), revision: 0 }));
  return { type: 'list', items, revision: server.store.revision() };
};

function statusOf({ components }: Server, name: string): KubeObject {
  const well = name === 'etcd-0' || components.includes(name);
  const condition = { type: 'Healthy', status: well ? 'True' : 'False', message: well ? 'ok' : 'not running' };
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions: [condition] } as KubeObject;
}
