import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'rolldown';
import { libraryFiles, loadAssets } from '../../apps/console/src/assets.ts';
import { programOfPackage } from './programs.ts';

const distUrl = '__weirDistUrl';
const distFolder = '__weirDistFolder';
const fileBeside = /new URL\(["']([^"']+)["'], __weirDistUrl\)/g;
const urlReference = /new URL\(\s*'(\.[^']+)',\s*import\.meta\.url\s*,?\s*\)/g;
const programReference = /import\.meta\.resolve\('(@weir\/[^']+)'\)/g;

/** Folders that the sources name, and what of them belongs beside a bundle. */
const folders: Readonly<Record<string, string>> = { 'libs/inference/models': 'models' };

/**
 * What sources of the repository name by `new URL('…', import.meta.url)`: a script (of a worker thread) becomes a program of its
 * own, a file an asset, both beside the bundle, where all files lie in one folder.
 */
export function references(root: string): Plugin {
  return {
    name: 'weir-references',
    transform(code, id) {
      if (!isOurs(root, id)) return null;
      const replaced = code
        .replaceAll(urlReference, (_, path: string) => {
          const file = fileURLToPath(new URL(path, pathToFileURL(id)));
          const folder = folders[posix(relative(root, file))];
          if (folder !== undefined) return beside(`${folder}`);
          if (file.endsWith('.ts')) {
            const fileName = `${nameOfScript(file)}.js`;
            this.emitFile({ type: 'chunk', id: file, fileName });
            return beside(`${fileName}`);
          }
          const fileName = nameOfAsset(root, file);
          this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
          return beside(`${fileName}`);
        })
        .replaceAll(programReference, (whole, name: string) => {
          const program = programOfPackage[name];
          return program === undefined ? whole : `${beside(`${program}.js`)}.href`;
        });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}

const pageSource = (root: string) => join(root, 'apps/console/src/assets.ts');

/** What a module holds code of: itself, and where it is the console's page, libraries. */
export const sourcesOf = (root: string, moduleId: string): readonly string[] =>
  moduleId === pageSource(root) ? libraryFiles() : [moduleId];

/** The console's page, whose types Node strips in a checkout, is made once and kept beside the bundle. */
export function page(root: string): Plugin {
  const source = pageSource(root);
  return {
    name: 'weir-page',
    load(id) {
      if (id !== source) return null;
      const files = [...loadAssets()].map(([path, { body, ...rest }]) => [
        path,
        { ...rest, body: body.toString('utf8') },
      ]);
      this.emitFile({ type: 'asset', fileName: 'page.json', source: JSON.stringify(files) });
      return {
        moduleType: 'js',
        code: `import { readFileSync } from 'node:fs';
export const loadAssets = () => new Map(JSON.parse(readFileSync(new URL('page.json', ${distUrl}), 'utf8'))
  .map(([path, { body, ...rest }]) => [path, { ...rest, body: Buffer.from(body) }]));`,
      };
    },
  };
}

/** CommonJS packages that look beside themselves. */
export function packageFolders(): Plugin {
  return {
    name: 'weir-package-folders',
    transform: (code, id) =>
      id.includes('node_modules') && code.includes('__dirname')
        ? { code: code.replaceAll('__dirname', distFolder), map: null }
        : null,
  };
}

/**
 * The bundle's folder as the programs know it, whichever of its files they are in: a prologue of each file, for
 * `output.banner`.
 */
export const prologue = ({ fileName }: { readonly fileName: string }): string =>
  fileName.includes('/')
    ? `const ${distUrl} = new URL('../', import.meta.url), ${distFolder} = import.meta.dirname + '/..';`
    : `const ${distUrl} = import.meta.url, ${distFolder} = import.meta.dirname;`;

/** What code of a bundle finds beside itself by name. */
export const filesBeside = (code: string): string[] =>
  [...code.matchAll(fileBeside)].map(([, name]) => name!);

/** Packages that were bundled before call a `require` of their own, which would look for packages beside the bundle. */
export function innerRequires(): Plugin {
  return {
    name: 'weir-inner-requires',
    transform(code, id) {
      if (!id.includes('node_modules') || !id.endsWith('.mjs') || !code.includes('__require(')) return null;
      return { code: code.replaceAll(/\b__require\((?=["'])/g, 'require('), map: null };
    },
  };
}

const isOurs = (root: string, id: string) => /^(libs|apps)\//.test(posix(relative(root, id)));
const posix = (path: string) => path.split(sep).join('/');
const beside = (path: string) => `new URL('${path}', ${distUrl})`;

/** `libs/storage/src/store-worker.ts` → `store-worker`; `libs/link/src/main.ts` → `link-main`. */
const nameOfScript = (file: string) => {
  const name = basename(file, '.ts');
  return name === 'main' ? `${basename(dirname(dirname(file)))}-main` : name;
};

/** Told apart where many packages have a file of that name. */
const nameOfAsset = (root: string, file: string) =>
  basename(file) === 'package.json'
    ? `${relative(root, dirname(file)).split(sep).at(-1)}.package.json`
    : basename(file);
