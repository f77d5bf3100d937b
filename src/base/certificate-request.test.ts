import { expect, test } from 'vitest';
import { requestedSubject } from './certificate-request.ts';

/** Made by `openssl req -subj /O=devs/O=ops/CN=anna` with a P-256 key. */
const request = `-----BEGIN CERTIFICATE REQUEST-----
MIHnMIGOAgEAMCwxDTALBgNVBAoMBGRldnMxDDAKBgNVBAoMA29wczENMAsGA1UE
AwwEYW5uYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKpLlpz78XHdsBAhuU86
JdVks/eAG7GpoJ1dz8dHjGtQ99iZdLbpegCimm5p7iMa6exT35/g/5lt9SR+3/FO
KQqgADAKBggqhkjOPQQDAgNIADBFAiAz2yNZ3mKlYFHLRFJvce44lSpDSJ/3hfoL
e5f4c9Ke6gIhAKXSGw8wmHRF+L+dZEL1Mvg7YnlMLFs1yLCCm1DcIXNC
-----END CERTIFICATE REQUEST-----`;

test('the subject of a request is read', () => {
  expect(requestedSubject(request)).toEqual({ commonName: 'anna', organizations: ['devs', 'ops'] });
});

test('what is cut short, empty or something else is no request', () => {
  const lines = request.split('\n');
  expect(requestedSubject([...lines.slice(0, 2), lines.at(-1)].join('\n'))).toBeUndefined();
  expect(requestedSubject([lines[0], lines.at(-1)].join('\n'))).toBeUndefined();
  expect(requestedSubject('hello')).toBeUndefined();
});
