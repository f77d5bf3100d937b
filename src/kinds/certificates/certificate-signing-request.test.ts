import { expect, test } from 'vitest';
import { CertificateSigningRequest, approvalIssues } from './certificate-signing-request.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };
const { validateStatusUpdate, prepareForStatusUpdate } = CertificateSigningRequest.behaviour;

type Condition = { type: string; status?: string; message?: string };

const request = (conditions: Condition[], certificate?: string): CertificateSigningRequest => ({
  metadata: { name: 'r' },
  spec: { request: '', signerName: 'a.b/c' },
  status: { conditions: conditions as never, ...(certificate && { certificate: btoa(certificate) }) },
});

const said = (issues: readonly { field: string; message: string }[] | undefined): string[] =>
  (issues ?? []).map(({ field, message }) => `${field}: ${message}`);

const changed = (next: CertificateSigningRequest, previous: CertificateSigningRequest) =>
  said(validateStatusUpdate?.(next, previous, context));

const [approved, denied, failed] = ['Approved', 'Denied', 'Failed'].map((type) => ({ type, status: 'True' })) as [
  Condition,
  Condition,
  Condition,
];

test('a decision is one of two, said once', () => {
  expect(said(approvalIssues(request([approved, denied, approved]), request([])))).toEqual([
    'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    'status.conditions: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive',
    'status.conditions[2].type: Duplicate value: "Approved"',
  ]);
});

test('every condition has a status, and those that last are true', () => {
  const conditions = [{ type: 'Mine' }, { type: 'Other', status: 'Perhaps' }, { type: 'Failed', status: 'False' }];
  expect(changed(request(conditions), request([]))).toEqual([
    'status.conditions[0].status: Required value',
    'status.conditions[1].status: Unsupported value: "Perhaps": supported values: "False", "True", "Unknown"',
    'status.conditions[2].status: Unsupported value: "False": supported values: "True"',
  ]);
});

test('who writes the status neither adds nor takes decisions, and what is said of one stays', () => {
  const refused = (verb: string, type: string) =>
    `status.conditions: Forbidden: updates may not ${verb} a condition of type "${type}"`;
  expect(changed(request([approved]), request([failed]))).toEqual([
    refused('remove', 'Failed'),
    refused('add', 'Approved'),
  ]);
  const before = { ...approved, message: 'before', lastUpdateTime: 'a', lastTransitionTime: 'b' };
  const next = request([{ ...approved, message: 'after' }, failed]);
  prepareForStatusUpdate?.(next, request([before]), context);
  expect(next.status?.conditions).toMatchObject([{ message: 'before' }, { type: 'Failed' }]);
});

test('a certificate is looked at before it is said that there was one', () => {
  const pem = (type: string) => `-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----\n`;
  const [first, second] = [pem('CERTIFICATE'), pem('RSA KEY')];
  expect(changed(request([], first), request([]))).toEqual([]);
  expect(changed(request([], second), request([], first))).toEqual([
    'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "RSA KEY"',
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ]);
});
