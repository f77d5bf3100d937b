// Runs the demo and draws what it printed as docs/demo.svg, the picture of the README: `npm run picture`.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../bin/portolan.js', import.meta.url));
const target = fileURLToPath(new URL('../docs/demo.svg', import.meta.url));

const lineHeight = 19;
const charWidth = 8.05;
const margin = 22;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Scenes are bold, commands green, charts blue, waits amber; the rest is plain. */
function styleOf(line: string): string {
  if (/^\d+ {2}/.test(line)) return 'scene';
  if (/^ {3}\$ /.test(line)) return 'command';
  if (/[▁-█]{3}/.test(line)) return 'chart';
  return /after waiting/.test(line) ? 'wait' : 'plain';
}

function draw(lines: readonly string[]): string {
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * charWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map(
    (line, at) =>
      `  <text x="${margin}" y="${margin + (at + 1) * lineHeight - 5}" class="${styleOf(line)}">${escaped(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>What npm run demo prints</title>
  <style>
    text { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: #c9d4e0; }
    .scene { fill: #ffffff; font-weight: 700; } .command { fill: #7ee0a1; } .chart { fill: #7cc4ff; } .wait { fill: #ffcf7d; }
  </style>
  <rect width="100%" height="100%" rx="10" fill="#101823"/>
${rows.join('\n')}
</svg>
`;
}

const output = execFileSync(process.execPath, [entry, 'demo'], { encoding: 'utf8', env: { ...process.env, CI: '1' } });
const story = output.slice(0, output.indexOf('On by hand')).replace(/\n\d+ {2}$/, '');
writeFileSync(target, draw(story.trim().split('\n')));
console.log(`drawn: ${target}`);
