import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundledFile, licences } from '../bundle/build.ts';
import type { Program } from '../bundle/programs.ts';
import type { DebianPackage } from './debian.ts';
import type { Entry } from './layer.ts';
import { filesOf, lockedAt, type LockedPackage, neededOn } from './npm-packages.ts';
import type { Platform } from './platform.ts';
import { stripped } from './strip.ts';

/** Where programs lie in an image. */
export const home = 'opt/weir';

/** What an image is made of, besides its configuration. */
export interface Contents {
  /** Each a layer, what changes least first. */
  readonly layers: readonly (readonly Entry[])[];
  readonly npm: readonly LockedPackage[];
  readonly debian: readonly DebianPackage[];
}

/** Node, from the npm package of its platform. */
export async function nodeEntries({ cpu }: Platform): Promise<{ entries: Entry[]; node: LockedPackage }> {
  const node = lockedAt(`node_modules/node-linux-${cpu}`);
  const files = await filesOf(node);
  const of = (path: string) => files.find((file) => file.path === path)!.content as Buffer;
  return {
    node,
    entries: [
      { path: 'usr/bin/node', content: stripped(of('bin/node')), mode: 0o755 },
      { path: 'usr/share/doc/node/copyright', content: of('LICENSE') },
    ],
  };
}

/** Packages with binaries, without what is of other platforms or for developers. */
export async function nativeEntries(platform: Platform, names: readonly string[]) {
  const packages = neededOn(platform, names);
  const entries: Entry[] = [];
  for (const each of packages)
    for (const { path, content, mode } of await filesOf(each)) {
      const foreign = /^bin\/napi-v\d+\//.test(path) && !path.includes(`/linux/${platform.cpu}/`);
      if (foreign || (isForDevelopers(path) && !isLicence(each, path))) continue;
      if (Buffer.isBuffer(content))
        entries.push({ path: `${home}/${each.path}/${path}`, content: stripped(content), mode });
    }
  return { entries, packages };
}

const isForDevelopers = (path: string) =>
  /\.(map|[cm]?ts|md|h|hpp|cc|gyp)$|^(script|src|install)\//.test(path);

/** libvips tells those of its parts in its README. */
const isLicence = ({ name }: LockedPackage, path: string) =>
  /^licen[cs]e/i.test(path) || (path === 'README.md' && name.includes('libvips'));

/** All that programs load, from the folder of a bundle: their code apart from the models. */
export async function programEntries(
  folder: string,
  bundled: readonly BundledFile[],
  programs: readonly Program[],
) {
  const byName = new Map(bundled.map((file) => [file.name, file]));
  const wanted = new Set<string>(programs.map((name) => `${name}.js`));
  // A set grows while it is walked.
  for (const name of wanted) for (const other of byName.get(name)?.loads ?? []) wanted.add(other);
  const files = [...wanted].flatMap((name) => byName.get(name) ?? []);
  // Files of learners import by name.
  if (programs.includes('policy-service')) {
    wanted.add('node_modules').add('import');
    for (const file of bundled)
      if (file.name.startsWith('import/')) for (const name of file.loads) wanted.add(name);
  }
  // Who runs no model reads what their manifest says.
  const runsModels = files.some((file) => file.native.includes('onnxruntime-node'));
  if (!runsModels && wanted.delete('models')) wanted.add('models/manifest.json');
  const code: Entry[] = [];
  const models: Entry[] = [];
  for (const name of [...wanted, 'package.json', licences])
    for (const path of await filesUnder(folder, name))
      if (!path.endsWith('.map'))
        (name === 'models' ? models : code).push({
          path: `${home}/${path}`,
          content: await readFile(join(folder, path)),
        });
  return {
    code,
    models,
    native: [...new Set(files.flatMap((file) => file.native))],
    packages: [...new Set(files.flatMap((file) => file.packages))].sort().map(lockedAt),
  };
}

async function filesUnder(folder: string, name: string): Promise<string[]> {
  const found = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  );
  if (!found) return [name];
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
