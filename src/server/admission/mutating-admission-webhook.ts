// MutatingAdmissionWebhook: asks others what they would change, one after the other, each seeing what the one before has made of it.

import { DecodeError } from '../../api/decode.ts';
import { applyJsonPatch, PatchRefusal } from '../../api/json-patch.ts';
import type { KubeObject } from '../../api/object.ts';
import { internalError } from '../../api/status.ts';
import { MutatingWebhookConfiguration } from '../../kinds/admissionregistration/mutating-webhook-configuration.ts';
import { readValue } from '../body.ts';
import type { Served } from '../catalog.ts';
import type { Draft } from '../draft.ts';
import { formsOf, type Made, madeOf } from './matching/forms.ts';
import { isExempt } from './matching/subject.ts';
import type { AdmissionPlugin, AdmissionWorld, Attributes } from './plugin.ts';
import { ask, auditKey, CallFailure } from './webhooks/call.ts';
import { type Hook, withHooks } from './webhooks/hooks.ts';
import { type Invocation, invocationOf, shownTo } from './webhooks/invocation.ts';
import type { Verdict } from './webhooks/review.ts';

export const mutatingAdmissionWebhook: AdmissionPlugin = {
  name: 'MutatingAdmissionWebhook',
  handles: (attributes) => !isExempt(attributes),
  mutate: (attributes, world) =>
    withHooks(world, MutatingWebhookConfiguration as never, (hooks) => askAll(hooks, attributes, world)),
};

/** Who is to be asked again, because the object has changed since: only those who said they want to be. */
interface Memory {
  asked: Set<string>;
  again: Set<string>;
  /** The object as the last of them left it. */
  left: string;
}

const memories = new WeakMap<Attributes['reinvocation'], Memory>();

async function askAll(hooks: readonly Hook[], attributes: Attributes, world: AdmissionWorld): Promise<void> {
  const { reinvocation } = attributes;
  const memory = memories.get(reinvocation) ?? { asked: new Set(), again: new Set(), left: '' };
  memories.set(reinvocation, memory);
  if (reinvocation.again && memory.left !== JSON.stringify(attributes.object)) wantAgain(memory);
  const forms = formsOf(attributes);
  for (const hook of hooks) {
    const invocation = await invocationOf(hook, attributes, world, forms);
    // The second time nobody is asked who was not before.
    if (!invocation || (reinvocation.again && !memory.again.has(hook.id))) continue;
    const changed = await askOne(invocation, attributes, world);
    const { configuration, webhook } = hook;
    const told = { configuration, webhook: webhook.name, mutated: changed };
    attributes.annotate(auditKey(hook, attributes), JSON.stringify(told));
    if (changed) {
      wantAgain(memory);
      reinvocation.wanted = true;
    }
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') memory.asked.add(hook.id);
  }
  memory.left = JSON.stringify(attributes.object);
}

function wantAgain(memory: Memory): void {
  for (const id of memory.asked) memory.again.add(id);
  memory.asked.clear();
}

/** Whether the webhook has changed the object. */
const askOne = async (invocation: Invocation, attributes: Attributes, world: AdmissionWorld): Promise<boolean> =>
  (await ask(invocation, attributes, world, (verdict) => change(invocation, attributes, verdict))) ?? false;

async function change(invocation: Invocation, attributes: Attributes, verdict: Verdict): Promise<boolean> {
  if (verdict.patch === '') return false;
  const operations = operationsOf(verdict);
  if (operations.length === 0) return false;
  const { object } = attributes;
  const { name } = invocation.hook.webhook;
  if (!object) {
    throw internalError(
      `admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  if (verdict.patchType !== 'JSONPatch')
    throw new CallFailure(`unsupported patch type ${JSON.stringify(verdict.patchType)}`);
  const { served, forms } = invocation;
  const shown = await shownTo(invocation);
  return forms.take(served, await made(served, attributes, patched(shown.object as KubeObject, operations)));
}

async function made(served: Served, attributes: Attributes, changed: object): Promise<Made> {
  try {
    return await madeOf(served, attributes, readValue(served.version, changed).object as Draft);
  } catch (error) {
    throw error instanceof DecodeError ? internalError(error.message) : error;
  }
}

function operationsOf({ patch }: Verdict): readonly unknown[] {
  try {
    const operations = JSON.parse(patch) as unknown;
    if (operations === null) return [];
    if (!Array.isArray(operations)) throw new Error('json: cannot unmarshal into Go value of type jsonpatch.Patch');
    return operations;
  } catch (error) {
    throw new CallFailure(`received undecodable patch in webhook response: ${(error as Error).message}`);
  }
}

function patched(object: object, operations: readonly unknown[]): object {
  try {
    return applyJsonPatch(object, operations) as object;
  } catch (error) {
    throw internalError(error instanceof PatchRefusal ? error.why : (error as Error).message);
  }
}
