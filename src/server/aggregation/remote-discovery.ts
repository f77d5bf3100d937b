// What another API server says it serves: its resources, in the form of aggregated discovery, and its OpenAPI documents.

import { textOf } from '../../base/bytes.ts';
import type { Kind } from '../../api/kind.ts';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import { wholeBody } from '../outgoing/outgoing.ts';
import type { Remote } from '../outgoing/remote.ts';
import { identityHeaders, requestTo } from './remote-service.ts';

/** A resource as aggregated discovery has it. */
export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly scope: Kind['scope'];
  readonly singularResource: string;
  readonly verbs: Kind['verbs'];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly object[];
}

export interface RemoteDiscovery {
  readonly resources: readonly DiscoveredResource[];
  /** Where its OpenAPI documents are, by their path (`apis/metrics.k8s.io/v1beta1`). */
  readonly documents: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
  /** It has OpenAPI of version 2 alone. */
  readonly isLegacy: boolean;
  /** Its whole OpenAPI v2 document. */
  readonly swagger: Swagger | undefined;
}

export interface Swagger {
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly definitions?: Readonly<Record<string, unknown>>;
}

const answerWithin = 5000;
const largestAnswer = 32 * 1024 * 1024;
const aggregator = { name: 'system:aggregator', groups: ['system:masters'] };

/** Asks for all of it. What it does not tell counts as nothing. @throws Unreachable and the like where it does not even say what it serves */
export async function learn(remote: Remote, api: APIService): Promise<RemoteDiscovery> {
  const { group, version } = api.spec;
  const [list, index, swagger] = await Promise.all([
    fetchJson(remote, api, `/apis/${group}/${version}`),
    fetchJson(remote, api, '/openapi/v3').catch((error: unknown) => (error as Partial<Unanswered>).status ?? 0),
    fetchJson(remote, api, '/openapi/v2').catch(() => undefined),
  ]);
  return {
    resources: resourcesOf((list as ResourceList).resources ?? [], { group: group ?? '', version: version ?? '' }),
    documents: (index as { paths?: RemoteDiscovery['documents'] }).paths ?? {},
    isLegacy: index === 404,
    swagger: swagger as Swagger | undefined,
  };
}

class Unanswered extends Error {
  readonly status: number;
  constructor(path: string, status: number) {
    super(`${path} answers ${status}`);
    this.status = status;
  }
}

async function fetchJson(remote: Remote, api: APIService, path: string): Promise<unknown> {
  const headers = { accept: 'application/json', ...identityHeaders(aggregator) };
  const answer = await remote.send(
    await requestTo(remote, api, { method: 'GET', path, headers, timeout: answerWithin }),
  );
  const text = textOf(await wholeBody(answer, largestAnswer));
  if (answer.status !== 200) throw new Unanswered(path, answer.status);
  return JSON.parse(text);
}

interface ResourceList {
  readonly resources?: readonly Resource[];
}

interface Resource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly verbs?: Kind['verbs'];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** The plain form has subresources beside their resources; the aggregated one has them within. */
function resourcesOf(list: readonly Resource[], home: GroupVersion): readonly DiscoveredResource[] {
  const responseKind = ({ group, version, kind = '' }: Resource) => ({
    group: group || home.group,
    version: version || home.version,
    kind,
  });
  return list
    .filter(({ name }) => !name.includes('/'))
    .map((one) => {
      const prefix = `${one.name}/`;
      const subresources = list
        .filter(({ name }) => name.startsWith(prefix))
        .map((sub) => ({
          subresource: sub.name.slice(prefix.length),
          responseKind: responseKind(sub),
          verbs: sub.verbs ?? [],
        }));
      return {
        resource: one.name,
        responseKind: responseKind(one),
        scope: one.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: one.singularName ?? '',
        verbs: one.verbs ?? [],
        ...(one.shortNames?.length && { shortNames: one.shortNames }),
        ...(one.categories?.length && { categories: one.categories }),
        ...(subresources.length > 0 && { subresources }),
      };
    });
}
