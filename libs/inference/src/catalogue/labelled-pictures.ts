import { type FieldViolation, InvalidInput } from '@weir/base';
import { readFile, stat } from 'node:fs/promises';
import type { Garments } from './garments.ts';
import type { InferenceInput, TensorInput } from '../serving/inference-input.ts';
import { normalise } from '../serving/pixels.ts';
import type { InputSpec } from './manifest.ts';
import { type FoundPicture, nfc } from './pictures/found-pictures.ts';
import { type FoldersOptions, picturesInFolders } from './pictures/picture-folders.ts';
import { picturesInList } from './pictures/picture-list.ts';
import { composeScene } from './scenes.ts';

/** A picture whose class is known. */
export interface LabelledPicture {
  readonly classIndex: number;
  /** The picture for a model that takes `spec`. */
  readonly load: (spec: InputSpec) => InferenceInput | Promise<InferenceInput>;
}

/** One in a file. */
export interface LabelledFile extends LabelledPicture, FoundPicture {}

/** A user's data set. */
export interface DataSet {
  readonly labels: readonly string[];
  readonly pictures: readonly LabelledFile[];
  /** What was passed over, a sentence each. */
  readonly told: readonly string[];
}

/** Faults that one error names; whoever has more mends these first. */
const MOST_FAULTS = 100;

/** The first `count` scenes of `seed`, composed when first needed and then kept (12 kB each). */
export function scenePictures(
  garments: Garments,
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly LabelledPicture[] {
  const composed: Uint8Array[] = [];
  return Array.from({ length: count }, (_, index) => ({
    classIndex: garments.labels[index % garments.count]!,
    load: (spec: InputSpec) =>
      pixelsInput((composed[index] ??= composeScene(garments, seed, index).pixels), spec),
  }));
}

/** Interleaved pixels as the model takes them. */
export function pixelsInput(pixels: Uint8Array, spec: InputSpec): TensorInput {
  const size = spec.shape.reduce((product, length) => product * length, 1);
  const data = spec.dtype === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
  normalise(pixels, spec, data);
  return { tensor: new Uint8Array(data.buffer), shape: spec.shape, dtype: spec.dtype };
}

/**
 * A user's labelled pictures: a folder with a folder per class, or a CSV of `file,label` lines. without `labels`
 * the classes are the folders' (or the list's labels) in alphabetical order.
 * @throws NotFound, InvalidInput naming every file and line at fault
 */
export async function readLabelledPictures(
  source: string,
  labels?: readonly string[],
  options: FoldersOptions = {},
): Promise<DataSet> {
  const isFile = (await stat(source).catch(() => undefined))?.isFile() ?? /\.csv$/i.test(source);
  const { pictures, faults, told } = isFile
    ? await picturesInList(source)
    : await picturesInFolders(source, options);
  const classes = labels?.map(nfc) ?? [...new Set(pictures.map(({ label }) => label))].sort();
  const place = new Map(classes.map((label, index) => [label, index]));
  const all = [...faults, ...unknownLabels(pictures, place, isFile)];
  if (pictures.length === 0 && faults.length === 0)
    all.push({
      field: 'images',
      description: [`${source} holds no PNG or JPEG pictures in class folders`, ...told].join('; '),
    });
  if (all.length > 0) throw new InvalidInput(firstFaults(all));
  return {
    labels: classes,
    told,
    pictures: pictures.map((picture) => ({
      ...picture,
      classIndex: place.get(picture.label)!,
      load: async () => ({ image: await readFile(picture.path) }),
    })),
  };
}

/** Of a list by its lines, of folders by class. */
function unknownLabels(
  pictures: readonly FoundPicture[],
  known: ReadonlyMap<string, number>,
  byOrigin: boolean,
): readonly FieldViolation[] {
  const unknown = pictures.filter(({ label }) => !known.has(label));
  if (byOrigin)
    return unknown.map(({ origin, label }) => ({
      field: origin,
      description: `${label} is not among the labels`,
    }));
  const labels = [...new Set(unknown.map(({ label }) => label))];
  return labels.map((label) => ({
    field: 'images',
    description: `the class folder ${label} is not among the labels`,
  }));
}

/** As many as an error should name. */
export function firstFaults(faults: readonly FieldViolation[]): readonly FieldViolation[] {
  if (faults.length <= MOST_FAULTS) return faults;
  const more = faults.length - MOST_FAULTS;
  return [...faults.slice(0, MOST_FAULTS), { field: 'images', description: `and ${more} faults more` }];
}
