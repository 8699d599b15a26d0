import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockedAt, type LockedPackage } from './images/npm-packages.ts';

const root = join(import.meta.dirname, '..');

/** Licences (SPDX) that ask of whoever passes code on no more than their text beside it. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Packages of libraries that their users can replace: they stay files of their own, which the LGPL asks for. */
const replaceable = /^@img\/sharp-/;

/**
 * Packages that come without a file of their licence, which is Apache-2.0 as Weir's own, each with those of its files that hold
 * code of others under a licence at their head.
 */
const withoutFile: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/protobuf': ['dist/esm/wire/varint.js'],
  '@connectrpc/connect': [],
  '@connectrpc/connect-node': [],
};

/** Whether a package may be part of what is delivered. `license`: an SPDX expression; it is refused where there is none. */
export function mayShip({ name, license = '' }: Pick<LockedPackage, 'name' | 'license'>): boolean {
  const mayBe = (id: string) => permissive.has(id) || (id === 'LGPL-3.0-or-later' && replaceable.test(name));
  return license
    .replaceAll(/[()]/g, '')
    .split(' AND ')
    .every((all) => all.split(' OR ').some(mayBe));
}

/**
 * Name, version, licence and its text of the packages at these paths of package-lock.json, for whoever gets code of theirs.
 * Throws for a licence that nobody has agreed to, and for one without its text.
 */
export function licencesOf(paths: readonly string[]): string {
  // Many share a text to the letter.
  const byText = new Map<string, string[]>();
  for (const path of [...new Set(paths)].sort()) {
    const locked = lockedAt(path);
    const { name, version, license } = locked;
    if (!mayShip(locked))
      throw new Error(
        `${name} ${version} has the licence ${license ?? '(none)'}, which docker/licences.ts does not allow to ship`,
      );
    const folder = join(root, path);
    const texts = readdirSync(folder)
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .flatMap((file) => textsUnder(join(folder, file)));
    const heads = withoutFile[name];
    if (texts.length === 0 && heads)
      texts.push(...textsUnder(join(root, 'LICENSE')), ...heads.map((file) => headOf(join(folder, file))));
    if (texts.length === 0) throw new Error(`${name} ${version} has no text of its licence ${license}`);
    const text = texts.join('\n\n');
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}: ${license}`]);
  }
  const sections = [...byText].map(([text, packages]) => `${packages.join('\n')}\n\n${text}`.trim());
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `Packages that these programs hold code of, each with its licence.${rule}${sections.join(rule)}\n`;
}

/** Of a file, or of all in a folder of licences. */
const textsUnder = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path).flatMap((file) => textsUnder(join(path, file)))
    : [readFileSync(path, 'utf8').trim()];

/** The comment that a file of code begins with. */
const headOf = (path: string): string =>
  /^(\/\/.*\n)+/
    .exec(readFileSync(path, 'utf8'))![0]
    .replaceAll(/^\/\/ ?/gm, '')
    .trim();
