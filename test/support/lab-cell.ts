import { readFile } from 'node:fs/promises';
import { silentLogger } from '@weir/base';
import type { Sample } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { parseScenario, prepareCell } from '@weir/lab';

export const cell = { experiment: 'A' as const, users: 2 };

/** Two devices, an edge and a cloud, one look a frame, unless told otherwise. */
export const scenario = (more: object) =>
  parseScenario({ name: 'tested', cell, looks: 1, repetitions: 2, ...more });

/** Few, as every variant answers each of them before anything is tuned in hindsight. */
const shownPictures = 120;

/** The embedded family with some of its labelled pictures, and how a cell of it is opened. */
export async function openLab(signal: AbortSignal) {
  const family = await loadFamily();
  const pictures: Sample[] = await Promise.all(
    (await loadSamples(family)).slice(0, shownPictures).map(async ({ path, label }) => ({
      file: path,
      label,
      image: await readFile(path),
    })),
  );
  const options = { family, pictures, logger: silentLogger, signal, progress: () => {} };
  return { family, pictures, open: (of: ReturnType<typeof scenario>) => prepareCell(of, options) };
}
