import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { licencesOf } from '../licences.ts';
import {
  filesBeside,
  innerRequires,
  packageFolders,
  page,
  prologue,
  references,
  sourcesOf,
} from './plugins.ts';
import { importable, native, programs } from './programs.ts';

const root = join(import.meta.dirname, '../..');

/** The file beside the programs with the licences of the packages that they hold code of. */
export const licences = 'THIRD-PARTY-LICENSES.txt';

/** One file of code of a bundle. */
export interface BundledFile {
  readonly name: string;
  /** Files and folders beside it that it loads, at once or later. */
  readonly loads: readonly string[];
  /** Where npm has installed the packages that it has code of, e.g. `node_modules/zod`. */
  readonly packages: readonly string[];
  /** Packages of `native` that it loads. */
  readonly native: readonly string[];
}

/**
 * Writes every program to a folder, each a file that Node runs, with what they share beside them: code, contracts, the
 * console's page, the embedded family of models. Only the packages of `native` remain to be installed.
 */
export async function bundle(into: string): Promise<readonly BundledFile[]> {
  await rm(into, { recursive: true, force: true });
  const build = await rolldown({
    input: {
      ...Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)])),
      ...Object.fromEntries(
        Object.entries(importable).map(([name, file]) => [`import/${entryOf(name)}`, join(root, file)]),
      ),
    },
    platform: 'node',
    external: [...native],
    plugins: [references(root), page(root), packageFolders(), innerRequires()],
  });
  const { output } = await build.write({
    dir: into,
    format: 'esm',
    // One character beyond Latin-1 doubles what V8 takes for its whole file, whose text it keeps.
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
    banner: prologue,
  });
  await build.close();
  // Files of learners find what they import by its name.
  for (const name of Object.keys(importable)) {
    const folder = join(into, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    const up = '../'.repeat(name.split('/').length + 1);
    await writeFile(join(folder, 'index.js'), `export * from '${up}import/${entryOf(name)}.js';\n`);
    await writeFile(
      join(folder, 'package.json'),
      `${JSON.stringify({ name, type: 'module', exports: './index.js' })}\n`,
    );
  }
  await writeFile(join(into, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
  await copyFamily(join(into, 'models'));
  const names = new Set(output.map(({ fileName }) => fileName));
  const files = output.flatMap((file) => {
    if (file.type !== 'chunk') return [];
    const imported = [...file.imports, ...file.dynamicImports];
    return {
      name: file.fileName,
      loads: [...imported.filter((name) => names.has(name)), ...filesBeside(file.code)],
      packages: [...new Set(file.moduleIds.flatMap((id) => sourcesOf(root, id)).flatMap(packageOf))].sort(),
      native: imported.filter(isNative),
    };
  });
  await writeFile(join(into, licences), licencesOf(files.flatMap(({ packages }) => packages)));
  return files;
}

const isNative = (name: string) => (native as readonly string[]).includes(name);

/** `/…/node_modules/zod/v4/core/util.js` → `node_modules/zod`. */
const packageOf = (moduleId: string): string[] => {
  const path = relative(root, moduleId).split(sep).join('/');
  const [folder] = /^(.*\/)?node_modules\/(@[^/]+\/)?[^/]+/.exec(path) ?? [];
  return folder === undefined ? [] : [folder];
};

const entryOf = (name: string) => name.replace('@weir/', '');

/** What serving needs of the embedded family; its recipe and samples stay behind. */
async function copyFamily(into: string): Promise<void> {
  const from = join(root, 'libs/inference/models');
  await mkdir(into, { recursive: true });
  for (const name of await readdir(from))
    if (/\.onnx$|^manifest\.json$|LICENSE/.test(name)) await cp(join(from, name), join(into, name));
}

if (import.meta.main) {
  const into = join(root, 'dist');
  await bundle(into);
  console.log(
    `${Object.keys(programs)
      .map((name) => `${name}.js`)
      .join(', ')} in ${into}`,
  );
}
