import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bundle } from './bundle/build.ts';
import { native } from './bundle/programs.ts';
import { home, nativeEntries, nodeEntries } from './images/contents.ts';
import { platforms } from './images/platform.ts';

/**
 * Everything that a machine needs to run any of the programs, in one folder that lies at /opt/weir there: Node, the bundles,
 * packages with binaries, models, units with examples of their configuration.
 */
export async function installation(into: string, architecture: string): Promise<void> {
  const platform = platforms.find((each) => each.architecture === architecture);
  if (!platform) throw new Error(`expected amd64 or arm64, got ${architecture}`);
  await bundle(into);
  const { entries: node } = await nodeEntries(platform);
  const { entries: binaries } = await nativeEntries(platform, native);
  for (const { path, content, mode = 0o644 } of [...node, ...binaries]) {
    if (!Buffer.isBuffer(content)) continue;
    const file = join(into, inFolder(path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode);
  }
  await cp(join(import.meta.dirname, 'systemd'), join(into, 'systemd'), { recursive: true });
}

/** `opt/weir/node_modules/…` and `usr/bin/node` of an image → `node_modules/…` and `node`. */
const inFolder = (path: string) =>
  path.startsWith(`${home}/`)
    ? path.slice(home.length + 1)
    : path.replace(/^usr\/(bin|share\/doc\/node)\//, path.startsWith('usr/bin') ? '' : 'node.');

if (import.meta.main) {
  const [into, architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'] = process.argv.slice(2);
  if (into === undefined) {
    console.error('usage: npm run installation -- FOLDER [amd64|arm64]');
    process.exitCode = 64;
  } else {
    await installation(resolve(into), architecture);
    console.log(`for linux/${architecture}, to lie at /opt/weir: ${resolve(into)}`);
  }
}
