/**
 * Measures what second looks buy in the embedded family and writes it into its manifest:
 * `npx node libs/inference/measure-looks.ts [SCENES]`. Its scenes show the validation garments, which no model was trained on, in
 * arrangements that no temperature was fitted to. Needs the Debian package dataset-fashion-mnist.
 */
import { FailedPrecondition } from '@weir/base';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadGarments } from './src/catalogue/garments.ts';
import { scenePictures } from './src/catalogue/labelled-pictures.ts';
import { manifestText } from './src/catalogue/manifest-text.ts';
import { embeddedFamilyDirectory, loadFamily } from './src/catalogue/manifest.ts';
import { LOOKS_SEED } from './src/catalogue/scenes.ts';
import { measureCurves } from './src/looks/measure-curves.ts';

const [scenes = '20000'] = process.argv.slice(2);

const garments = await loadGarments('validation');
if (!garments) throw new FailedPrecondition('install the Debian package dataset-fashion-mnist');
const pictures = scenePictures(garments, { seed: LOOKS_SEED, count: Number(scenes) });
const looks = await measureCurves({
  family: await loadFamily(),
  pictures,
  subjects: pictures.map((_, scene) => scene % garments.count),
  onProgress: ({ task, done, total }) => {
    if (done === total) console.log(`${task}: ${total} scenes`);
  },
});

const file = join(embeddedFamilyDirectory, 'manifest.json');
const manifest = JSON.parse(await readFile(file, 'utf8')) as object; // keeps what only the recipe knows
await writeFile(file, manifestText({ ...manifest, looks }));
console.log(`${looks?.curves.length ?? 0} curves in ${file}`);
