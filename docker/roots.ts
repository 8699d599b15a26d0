import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildImages } from './images/build.ts';
import { platforms } from './images/platform.ts';

// `npm run roots -- FOLDER amd64`: the root file system of each image, for the Dockerfile. Owners need root.
const [into, architecture] = process.argv.slice(2);
const on = platforms.filter((platform) => platform.architecture === architecture);
if (into === undefined || on.length === 0) {
  console.error('usage: npm run roots -- FOLDER amd64|arm64');
  process.exit(64);
}
const layouts = join(into, '.layouts');
for (const { name, folder } of await buildImages(layouts, { on })) {
  const read = ({ digest }: { digest: string }) => join(folder, 'blobs', digest.replace(':', '/'));
  const json = <Value>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as Value;
  type Index = { manifests: [{ digest: string }] };
  const index = json<Index>(read(json<Index>(join(folder, 'index.json')).manifests[0]));
  const { layers } = json<{ layers: { digest: string }[] }>(read(index.manifests[0]));
  const root = join(into, name);
  mkdirSync(root, { recursive: true });
  for (const layer of layers) execFileSync('tar', ['-xzpf', read(layer), '-C', root]);
}
rmSync(layouts, { recursive: true });
