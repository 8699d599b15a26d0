import { InvalidInput, NotFound } from '@weir/base';
import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Garments } from './garments.ts';
import type { InferenceInput } from '../serving/inference-input.ts';
import { normalise } from '../serving/pixels.ts';
import type { Family, InputSpec } from './manifest.ts';
import { composeScene } from './scenes.ts';

/** A picture whose class is known. */
export interface LabelledPicture {
  readonly classIndex: number;
  /** The picture for a model that takes `spec`. */
  readonly load: (spec: InputSpec) => InferenceInput | Promise<InferenceInput>;
}

/** One of the labelled sample scenes that ship with the embedded family. */
export interface Sample extends LabelledPicture {
  /** Absolute path of the PNG. */
  readonly path: string;
  readonly label: string;
  /** Number of the scene in the test split. */
  readonly scene: number;
  /** Size of the target in the 64 px scene: the smaller, the harder. */
  readonly targetPx: number;
  /** Standard deviation of the sensor noise, a fraction of full scale. */
  readonly noise: number;
}

const samplesSchema = z.array(
  z.object({
    file: z.string(),
    label: z.string(),
    scene: z.int(),
    targetPx: z.number(),
    noise: z.number(),
  }),
);

/** The sample scenes of a family: `samples/labels.json` and PNG files; none when it has none. */
export async function loadSamples(family: Pick<Family, 'directory' | 'labels'>): Promise<readonly Sample[]> {
  const directory = join(family.directory, 'samples');
  const text = await readFile(join(directory, 'labels.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  return samplesSchema.parse(JSON.parse(text)).map(({ file, ...sample }) => {
    const path = join(directory, file);
    const classIndex = family.labels.indexOf(sample.label);
    return { ...sample, path, classIndex, load: async () => ({ image: await readFile(path) }) };
  });
}

/** The first `count` scenes of `seed`, composed when first needed and then kept (12 kB each). */
export function scenePictures(
  garments: Garments,
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly LabelledPicture[] {
  const composed: Uint8Array[] = [];
  return Array.from({ length: count }, (_, index) => ({
    classIndex: garments.labels[index % garments.count]!,
    load: (spec: InputSpec) => {
      const pixels = (composed[index] ??= composeScene(garments, seed, index).pixels);
      const size = spec.shape.reduce((product, length) => product * length, 1);
      const data = spec.dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
      normalise(pixels, spec, data);
      return { tensor: new Uint8Array(data.buffer), shape: spec.shape, dtype: spec.dtype };
    },
  }));
}

/**
 * A user's labelled pictures: a folder with one folder per class, or a CSV of `file,label` lines with paths relative
 * to it. Without `labels`, classes are the folders (or labels) in alphabetical order.
 * @throws InvalidInput naming the lines or folders at fault
 */
export async function readLabelledPictures(
  source: string,
  labels?: readonly string[],
): Promise<{ readonly labels: readonly string[]; readonly pictures: readonly LabelledPicture[] }> {
  const found = source.endsWith('.csv') ? await fromCsv(source) : await fromFolders(source);
  if (found.length === 0)
    throw new InvalidInput([
      { field: 'images', description: `${source} holds no PNG or JPEG pictures in class folders` },
    ]);
  const classes = labels ?? [...new Set(found.map(({ label }) => label))].sort();
  const unknown = [...new Set(found.map(({ label }) => label))].filter((label) => !classes.includes(label));
  if (unknown.length > 0)
    throw new InvalidInput([
      {
        field: 'images',
        description: `has classes that are not among the labels: ${unknown.join(', ')}`,
      },
    ]);
  const pictures = found.map(({ path, label }) => ({
    classIndex: classes.indexOf(label),
    load: async () => ({ image: await readFile(path) }),
  }));
  return { labels: classes, pictures };
}

interface Found {
  readonly path: string;
  readonly label: string;
}

async function fromFolders(directory: string): Promise<readonly Found[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(
    (cause: unknown) => {
      throw new NotFound(`there is no folder of pictures at ${directory}`, { cause });
    },
  );
  return entries
    .filter((entry) => entry.isFile() && /\.(png|jpe?g)$/i.test(entry.name) && entry.parentPath !== directory)
    .map((entry) => ({ path: join(entry.parentPath, entry.name), label: basename(entry.parentPath) }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

async function fromCsv(file: string): Promise<readonly Found[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new NotFound(`there is no list of pictures at ${file}`, { cause });
  });
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const rows = lines.filter(({ line }) => line !== '' && line.toLowerCase() !== 'file,label');
  const faulty = rows.filter(({ line }) => !/^[^,]+,[^,]+$/.test(line));
  if (faulty.length > 0)
    throw new InvalidInput(
      faulty.map(({ number }) => ({
        field: `${basename(file)}:${number}`,
        description: 'expected FILE,LABEL',
      })),
    );
  return rows.map(({ line }) => {
    const [path, label] = line.split(',') as [string, string];
    return { path: join(dirname(file), path.trim()), label: label.trim() };
  });
}
