// Certificates for tests, made once: an authority's, and one for a client.

const authority = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBgDCCASegAwIBAgIUKigl8AaOQ262yXbAtsq6/BdMVowwCgYIKoZIzj0EAwIw',
  'FTETMBEGA1UEAwwKZXhhbXBsZS1jYTAgFw0yNjExMjQwNjUwNTBaGA8yMTI2MTAz',
  'MTA2NTA1MFowFTETMBEGA1UEAwwKZXhhbXBsZS1jYTBZMBMGByqGSM49AgEGCCqG',
  'SM49AwEHA0IABAgOJCk7mdYNhQc8LDM2obAtUST3k6IG6YWkg9V8rObHbdhMlRSz',
  'j8EQwQFHRXqiiHcOQG4YaqM5C8UrTUyK0KijUzBRMB0GA1UdDgQWBBRGpbmrO5Jc',
  'Gt2RZu1Zq4X+b0Ks/zAfBgNVHSMEGDAWgBRGpbmrO5JcGt2RZu1Zq4X+b0Ks/zAP',
  'BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHU1JDhWjlgWEzfjM3Ek',
  'qIxIFvqVVLiv9iAbAXpwH3+lAiBOfQotL6EYlGNNvDYy8YbH7qrK4LbirQh6n+SR',
  'PvrZlQ==',
  '-----END CERTIFICATE-----',
];

const client = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBLzCB1wIUZuPSDo5PnaVg/2lrpUrkxB2KM1swCgYIKoZIzj0EAwIwFTETMBEG',
  'A1UEAwwKZXhhbXBsZS1jYTAgFw0yNjExMjQwNjUwNTFaGA8yMTI2MTAzMTA2NTA1',
  'MVowHzENMAsGA1UECgwEZGV2czEOMAwGA1UEAwwFYWxpY2UwWTATBgcqhkjOPQIB',
  'BggqhkjOPQMBBwNCAASMi8dfeJ9A/mhVzAOuald5wC8CqWRmWM1EQFuRjyFHbmQw',
  'ks0c7AWFSANKy64641MZ/h9Jk6luPLFCOje14ZhNMAoGCCqGSM49BAMCA0cAMEQC',
  'IG/yCEd/+KBXqtKYaLzQyCJTBUYreJXuGKLIkjNhBpxKAiBAHGhk39Wg1OiDlsTR',
  'Pz55rZHJHpFzxPLLvEm4H4z2iA==',
  '-----END CERTIFICATE-----',
];

const pemOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

export const authorityPem = pemOf(authority);
export const clientPem = pemOf(client);
