// The one catalogue of refusals: Kubernetes' reasons, codes and wording, as `Status` objects.

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A refusal that a client sees. Thrown by any stage of the pipeline; printed as its `status`. */
export class ApiError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** Which resource a refusal is about, as Kubernetes words it: `deployments.apps`, `pods`. */
export interface ResourceName {
  readonly group: string;
  readonly resource: string;
}

const qualified = (r: ResourceName) => (r.group ? `${r.resource}.${r.group}` : r.resource);
const about = (r: ResourceName, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(r.group && { group: r.group }),
  kind: r.resource,
});

export const notFound = (r: ResourceName, name: string) =>
  new ApiError(404, 'NotFound', `${qualified(r)} "${name}" not found`, about(r, name));

export const alreadyExists = (r: ResourceName, name: string) =>
  new ApiError(409, 'AlreadyExists', `${qualified(r)} "${name}" already exists`, about(r, name));

export const conflict = (r: ResourceName, name: string, message: string) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(r)} "${name}": ${message}`,
    about(r, name),
  );

/** The refusal of a write whose resourceVersion is not the newest. */
export const staleWrite = (r: ResourceName, name: string) =>
  conflict(r, name, 'the object has been modified; please apply your changes to the latest version and try again');

export const forbidden = (r: ResourceName, name: string, message: string) =>
  new ApiError(
    403,
    'Forbidden',
    name ? `${qualified(r)} "${name}" is forbidden: ${message}` : `${qualified(r)} is forbidden: ${message}`,
    about(r, name),
  );

export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message);

export const unauthorized = () => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const gone = (message: string) => new ApiError(410, 'Expired', message);

export const methodNotAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** The same for custom resources, which name the verb. */
export const verbNotSupported = (r: ResourceName, verb: string) =>
  new ApiError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(qualified(r))}`,
    about(r, ''),
  );

/** The path is nobody's. */
export const noSuchPath = () => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const unsupportedMediaType = (message: string) => new ApiError(415, 'UnsupportedMediaType', message);

export const notAcceptable = (message: string) => new ApiError(406, 'NotAcceptable', message);

export const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds });

export const timedOut = (message: string, retryAfterSeconds: number) =>
  new ApiError(504, 'Timeout', message, { retryAfterSeconds });

/** What this version of Portolan does not model: it says so instead of pretending. */
export const notModelled = (what: string) =>
  new ApiError(501, 'NotImplemented', `${what} is not modelled by this version of Portolan`, {});

export const internalError = (message: string) =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
