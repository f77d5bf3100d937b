// What client-go says of an answer that refuses without a Status, and what a Status in it says.

/** A Status says itself what is wrong; anything else is worded by its code, with what was asked (`get pods.metrics.k8s.io`) where it is known. */
export function refusalText(status: number, text: string, asked?: string): string {
  const own = statusMessage(text);
  if (own !== undefined) return own;
  return asked === undefined ? wording(status, text) : `${wording(status, text)} (${asked})`;
}

function wording(status: number, text: string): string {
  const said = text.trim() || 'unknown';
  if (status === 403 || status === 406 || status === 415) return said;
  const known = refusals[status];
  if (known) return known;
  if (status >= 500)
    return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

const refusals: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

function statusMessage(text: string): string | undefined {
  try {
    const { kind, status, message } = JSON.parse(text) as { kind?: string; status?: string; message?: string };
    return kind === 'Status' && status !== 'Success' ? message : undefined;
  } catch {
    return undefined;
  }
}
