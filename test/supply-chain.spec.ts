import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mayShip } from '../docker/licences.ts';
import { root } from './support/document.ts';

const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const named = (pattern: RegExp) => files.filter((file) => pattern.test(file));

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}
interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const installed = Object.entries(packages)
  .filter(([path, { link }]) => path.includes('node_modules/') && !link)
  .map(([path, entry]) => ({ ...entry, path, name: path.split('node_modules/').at(-1)! }));

describe('npm packages', () => {
  it.each(named(/(^|\/)package\.json$/))('are named by %s at one exact version each', (file) => {
    const manifest = JSON.parse(read(file)) as Manifest;
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
    const asked = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
    expect(Object.entries(asked).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('are locked by what is in them, and come from the registry alone', () => {
    expect(installed.length).toBeGreaterThan(300);
    expect(installed.filter(({ integrity }) => !/^sha512-.{88}$/.test(integrity ?? ''))).toEqual([]);
    const elsewhere = ({ resolved = 'https://registry.npmjs.org/' }: Locked) =>
      !resolved.startsWith('https://registry.npmjs.org/');
    expect(installed.filter(elsewhere)).toEqual([]);
  });

  it('run no script of theirs when they are installed: those that have one are known, and do without', () => {
    const scripted = installed.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    const { allowScripts } = JSON.parse(read('package.json')) as Manifest;
    expect(allowScripts).toEqual(Object.fromEntries(scripted.map((name) => [name, false])));
    // Older npm go by this; these very specs run without.
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  it('have licences that let them ship, as far as they do', () => {
    const shipped = installed.filter(({ dev }) => !dev);
    expect(shipped.filter((each) => !mayShip(each)).map(({ name, license }) => ({ name, license }))).toEqual(
      [],
    );
  });

  it.each([
    [{ name: 'a', license: 'MIT' }, true],
    [{ name: 'a', license: '(MIT OR GPL-3.0-only)' }, true],
    [{ name: 'a', license: 'MIT AND GPL-3.0-only' }, false],
    [{ name: 'a', license: 'LGPL-3.0-or-later' }, false],
    [{ name: '@img/sharp-libvips-linux-x64', license: 'LGPL-3.0-or-later' }, true],
    [{ name: 'a', license: 'SEE LICENSE IN LICENSE' }, false],
    [{ name: 'a' }, false],
  ])('%j may ship: %s', (each, may) => expect(mayShip(each)).toBe(may));
});

it.each(named(/(^|\/)requirements\.txt$/))('Python packages of %s have one exact version each', (file) => {
  const lines = read(file).trim().split('\n');
  expect(lines.filter((line) => !/^(#.*|)$|^[\w.-]+(\[[\w,-]+\])?==\d[\w.]*$/.test(line))).toEqual([]);
});

it.each(named(/(^|\/)go\.mod$/))('Go modules of %s are locked by what is in them', (file) => {
  const required = [...read(file).matchAll(/^(?:require )?\s+([\w./~-]+) (v\S+)/gm)];
  const sums = required.length > 0 ? read(file.replace(/mod$/, 'sum')) : '';
  for (const [, module, version] of required) expect(sums).toContain(`${module} ${version} h1:`);
});

it('images of others are named by a version, and a base that builds by its digest', () => {
  const images = named(/^docker\/.*\.ya?ml$/).flatMap((file) =>
    [...read(file).matchAll(/^\s*(?:- )?image: (\S+)$/gm)].map(([, image]) => image!),
  );
  const others = images.filter((image) => !/^weir-[a-z-]+(:\$\{WEIR_VERSION:-\d+\.\d+\.\d+\})?$/.test(image));
  expect(others.length).toBeGreaterThan(0);
  expect(others.filter((image) => !/:v?\d+\.\d+\.\d+$/.test(image))).toEqual([]);
  const bases = [...read('docker/Dockerfile').matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)];
  expect([...new Set(bases.map(([, base]) => base))]).toEqual(['${DEBIAN}', 'scratch']);
  // Without a default: whoever builds names a digest.
  expect(read('docker/Dockerfile')).toMatch(/^ARG DEBIAN$/m);
});
