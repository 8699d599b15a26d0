import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { entriesOf } from './archive.ts';
import { cacheFolder } from './cache.ts';
import type { Entry } from './layer.ts';
import type { Platform } from './platform.ts';

const root = join(import.meta.dirname, '../..');

/** A package as package-lock.json pins it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly license?: string | undefined;
  /** As in `sha512-…`. */
  readonly integrity: string;
  /** Where npm installs it, e.g. `node_modules/sharp/node_modules/semver`. */
  readonly path: string;
}

interface LockEntry {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};

/** The package that npm installs at a path of package-lock.json. */
export function lockedAt(path: string): LockedPackage {
  const { version, integrity, license } = lock.packages[path]!;
  return { name: path.split('node_modules/').at(-1)!, version, integrity: integrity!, license, path };
}

/** Packages and all that they need on Linux with glibc on a platform, in the order of their paths. */
export function neededOn({ cpu }: Platform, names: readonly string[]): LockedPackage[] {
  const paths = new Set<string>();
  const add = (name: string, from: string) => {
    const path = installedPath(name, from);
    const entry = path === undefined ? undefined : lock.packages[path];
    if (path === undefined || !entry || paths.has(path)) return;
    if (!allows(entry.os, 'linux') || !allows(entry.cpu, cpu) || !allows(entry.libc, 'glibc')) return;
    paths.add(path);
    for (const each of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) add(each, path);
  };
  for (const name of names) add(name, '');
  return [...paths].sort().map(lockedAt);
}

const allows = (list: string | readonly string[] | undefined, what: string) =>
  list === undefined || (typeof list === 'string' ? [list] : list).includes(what);

/** As Node looks for it: in the `node_modules` of who asks, then further up. */
function installedPath(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (path in lock.packages) return path;
    if (folder === '') return undefined;
  }
}

/** The files of a package, from the registry the first time; throws when they are not what the lock file says. */
export async function filesOf({ name, version, integrity }: LockedPackage): Promise<Entry[]> {
  const folder = await cacheFolder('npm');
  const file = join(folder, `${name.replace('/', '-')}-${version}.tgz`);
  if (!existsSync(file)) {
    const fresh = join(folder, `.${process.pid}`);
    await mkdir(fresh, { recursive: true });
    const argv = ['pack', `${name}@${version}`, '--silent', '--prefer-offline', '--pack-destination', fresh];
    const { stdout } = await promisify(execFile)('npm', argv, { cwd: fresh });
    await rename(join(fresh, stdout.trim().split('\n').at(-1)!), file);
  }
  const tarball = await readFile(file);
  const sum = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  if (sum !== integrity)
    throw new Error(`${file} is not what package-lock.json says: ${sum} instead of ${integrity}; remove it`);
  return (await entriesOf(gunzipSync(tarball)))
    .filter(({ content }) => content !== 'folder')
    .map((entry) => ({ ...entry, path: entry.path.slice(entry.path.indexOf('/') + 1) }));
}
