import { type FieldViolation, InvalidInput } from '@weir/base';
import { createHash } from 'node:crypto';
import { access, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { firstFaults, type LabelledFile, type LabelledPicture } from './labelled-pictures.ts';
import type { Family } from './manifest.ts';
import { nfc } from './pictures/found-pictures.ts';

/** A labelled picture that is kept with a family. */
export interface Sample extends LabelledPicture {
  /** Absolute path of the PNG or JPEG. */
  readonly path: string;
  /** As the family has it. */
  readonly label: string;
  /** Of the embedded family: number of the scene in the test split. */
  readonly scene?: number | undefined;
  /** Likewise: size of the target in the 64 px scene; the smaller, the harder. */
  readonly targetPx?: number | undefined;
  /** Likewise: standard deviation of the sensor noise, a fraction of full scale. */
  readonly noise?: number | undefined;
}

const sampleSchema = z.looseObject({
  file: z.string().min(1),
  label: z.string().min(1),
  scene: z.int().optional(),
  targetPx: z.number().optional(),
  noise: z.number().optional(),
});

/** An entry of `samples/labels.json`. */
export type SampleEntry = Readonly<z.infer<typeof sampleSchema>>;

/** In a family's folder. */
export const nameOfSampleList = 'samples/labels.json';
/** Where a family's labelled pictures are. */
export const samplesFolder = (directory: string) => join(directory, 'samples');

/**
 * The labelled pictures beside a family's models; none when it has none.
 * @throws InvalidInput naming the entries that are malformed, unknown to the family, or of files that are not there
 */
export async function loadSamples(family: Pick<Family, 'directory' | 'labels'>): Promise<readonly Sample[]> {
  const folder = samplesFolder(family.directory);
  const entries = await readSampleEntries(family.directory);
  const place = new Map(family.labels.map((label, index) => [nfc(label), index]));
  const faults: FieldViolation[] = [];
  const samples = await Promise.all(
    entries.map(async ({ file, label, scene, targetPx, noise }, index): Promise<Sample> => {
      const path = join(folder, file);
      const classIndex = place.get(nfc(label)) ?? -1;
      const fault = (description: string) =>
        void faults.push({ field: `${nameOfSampleList}: entry ${index + 1}`, description });
      if (classIndex < 0) fault(`${label} is not a label of the family`);
      await access(path).catch(() => fault(`there is no file ${file} in ${folder}`));
      const load = async () => ({ image: await readFile(path) });
      return { path, label: family.labels[classIndex] ?? label, classIndex, scene, targetPx, noise, load };
    }),
  );
  if (faults.length > 0) throw new InvalidInput(firstFaults(faults));
  return samples;
}

/** The list as it is written; empty when there is none. @throws InvalidInput when it is no such list */
export async function readSampleEntries(directory: string): Promise<readonly SampleEntry[]> {
  const text = await readFile(join(directory, nameOfSampleList), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const refuse = (faults: readonly FieldViolation[]) => new InvalidInput(firstFaults(faults));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse([{ field: nameOfSampleList, description: `is not JSON: ${(cause as Error).message}` }]);
  }
  if (!Array.isArray(json))
    throw refuse([{ field: nameOfSampleList, description: 'expected a list of {"file": …, "label": …}' }]);
  const parsed = json.map((entry) => sampleSchema.safeParse(entry));
  const faults = parsed.flatMap(({ error }, index) => {
    if (!error) return [];
    const fields = error.issues.map(({ path }) => path.join('.') || 'entry').join(' and ');
    return {
      field: `${nameOfSampleList}: entry ${index + 1}`,
      description: `expected file and label; see ${fields}`,
    };
  });
  if (faults.length > 0) throw refuse(faults);
  return parsed.map(({ data }) => data!);
}

export interface KeepOptions {
  /** Pictures in the list at most, those that it has included. */
  readonly most: number;
  /** Bytes of one picture at most: what an agent takes. */
  readonly mostBytes: number;
}

/** A picture to add to a family's samples. */
export interface AddedSample {
  readonly entry: SampleEntry;
  readonly picture: LabelledFile;
}

/** Which of the pictures to keep beside those that a family has: of each class its share, no picture twice. */
export async function chooseSamples(
  pictures: readonly LabelledFile[],
  {
    known,
    directory,
    most,
    mostBytes,
  }: KeepOptions & {
    readonly known: readonly SampleEntry[];
    /** The family's. */
    readonly directory: string;
  },
): Promise<readonly AddedSample[]> {
  const wanted = most - known.length;
  if (wanted <= 0) return [];
  const contents = new Set<string>();
  for (const { file } of known) contents.add(await contentOf(join(samplesFolder(directory), file)));
  const files = new Set(known.map(({ file }) => file));
  const added: AddedSample[] = [];
  for (const picture of evenly(pictures, wanted)) {
    if (added.length === wanted) break;
    if ((await stat(picture.path)).size > mostBytes) continue;
    const content = await contentOf(picture.path);
    if (contents.has(content)) continue;
    contents.add(content);
    const file = `${slug(picture.label)}-${content.slice(0, 12)}${extname(picture.path).toLowerCase()}`;
    if (files.has(file)) continue;
    files.add(file);
    added.push({ entry: { file, label: picture.label }, picture });
  }
  return added;
}

/** First those that lie evenly apart when sorted by class, so that each class has its share, then the others. */
function evenly(pictures: readonly LabelledFile[], wanted: number): readonly LabelledFile[] {
  const sorted = pictures.toSorted((a, b) => a.classIndex - b.classIndex);
  const first = new Set(
    Array.from({ length: wanted }, (_, index) => Math.floor((index * sorted.length) / wanted)),
  );
  return [
    ...sorted.filter((_, index) => first.has(index)),
    ...sorted.filter((_, index) => !first.has(index)),
  ];
}

const contentOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const slug = (label: string) => label.replace(/[^\w]+/g, '-').slice(0, 32);
