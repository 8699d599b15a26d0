import { type FieldViolation, InvalidInput, NotFound } from '@weir/base';
import { resolve } from 'node:path';
import { type ModelHints, type ModelInterface, inspectModel } from '../inspect-model.ts';
import { type DataSet, firstFaults, readLabelledPictures } from '../labelled-pictures.ts';
import type { InputSpec } from '../manifest.ts';
import type { Progress } from '../measure-accuracy.ts';
import { pictureFaults } from '../pictures/check-pictures.ts';
import { readLabels } from '../pictures/labels.ts';
import { loadSamples } from '../samples.ts';
import { readFamily } from './read-family.ts';

export interface Sources extends ModelHints {
  /** The ONNX file; external data lies beside it. */
  readonly model: string;
  /** Labelled pictures: a folder with a folder per class, or a CSV of `file,label` lines. */
  readonly images: string;
  /** Folder of the family: created, or extended by this variant. */
  readonly directory: string;
  /** In the order of the model's output, or the one file that holds them. @default the family's, or the classes of `images`, alphabetically */
  readonly labels?: readonly string[] | undefined;
  /** Take what symbolic links among the pictures lead to. @default false */
  readonly followLinks?: boolean | undefined;
}

/** Everything that an import reads. */
export interface ReadSources extends DataSet {
  readonly model: ModelInterface;
}

/** For pictures that belong to a model which cannot be read. */
const anyInput: InputSpec = {
  name: '',
  layout: 'NCHW',
  shape: [1, 3, 64, 64],
  dynamicBatch: false,
  dtype: 'uint8',
  colourOrder: 'RGB',
  mean: [0],
  std: [1],
};

/**
 * Reads and checks model, labels, pictures and family before anything is measured.
 * @throws InvalidInput naming all faults of all of them together
 */
export async function readSources(sources: Sources, onProgress?: Progress): Promise<ReadSources> {
  const { directory, images, followLinks } = sources;
  const faults: FieldViolation[] = [];
  const attempt = async <T>(field: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof InvalidInput) faults.push(...error.violations);
      else if (error instanceof NotFound) faults.push({ field, description: error.message });
      else throw error;
      return undefined;
    }
  };
  const model = await attempt('model', () => inspectModel(sources.model, sources));
  const given = sources.labels && (await attempt('labels', () => readLabels(sources.labels!)));
  const family = await attempt('directory', () => readFamily(directory, given));
  // What is asked for cannot be told from faulty labels: no fault of a picture is one.
  const unknown = (sources.labels && !given) || !family;
  const labels = given ?? family?.manifest?.labels;
  const data = unknown
    ? undefined
    : await attempt('images', () => readLabelledPictures(images, labels, { followLinks }));
  if (data) {
    if (model && model.classes !== data.labels.length)
      faults.push({ field: 'labels', description: mismatch(model.classes, data.labels) });
    await attempt('directory', () => loadSamples({ directory: resolve(directory), labels: data.labels }));
    faults.push(...(await pictureFaults(data.pictures, model?.input ?? anyInput, onProgress)));
  }
  if (!model || !data || faults.length > 0) throw new InvalidInput(firstFaults(faults));
  const told = [...data.told, ...unseen(data)];
  if (!labels) told.push(`labels: the pictures' classes in alphabetical order; --labels tells another order`);
  return { ...data, told, model };
}

function unseen({ labels, pictures }: DataSet): readonly string[] {
  const seen = new Set(pictures.map(({ classIndex }) => classIndex));
  const others = labels.filter((_, index) => !seen.has(index));
  return others.length > 0 ? [`labels without a picture: ${others.length}, e.g. ${others[0]!}`] : [];
}

function mismatch(classes: number, labels: readonly string[]): string {
  const some = labels.length > 5 ? [...labels.slice(0, 5), '…'] : labels;
  const background =
    classes === labels.length + 1
      ? ' (some have a class for the background, often the first, which needs a label too)'
      : '';
  return (
    `the model has ${classes} classes, ${labels.length} are named (${some.join(', ')}): ` +
    `give all labels in the order of the model's output${background}`
  );
}
