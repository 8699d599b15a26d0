import { FailedPrecondition } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Where Debian's package dataset-fashion-mnist puts its files. */
export const GARMENTS_DIRECTORY = '/usr/share/datasets/fashion-mnist';

const SIDE = 28;
/** Garments get a margin of two black pixels, so that bilinear taps stay inside. */
export const FRAME = 32;

/** Garments of Fashion-MNIST (Xiao et al. 2017, MIT licence). */
export interface Garments {
  readonly count: number;
  /** Brightness with the margin: uint8 [count × 32 × 32]. */
  readonly frames: Uint8Array;
  /** Class index of each. */
  readonly labels: Uint8Array;
}

/** The last garments of Fashion-MNIST's training split are for validation: no training scene shows them. */
const VALIDATION_GARMENTS = 5_000;

/** The garments of a split that no model was trained on, or undefined when the data set is not installed. */
export async function loadGarments(
  split: 'validation' | 'test',
  directory = GARMENTS_DIRECTORY,
): Promise<Garments | undefined> {
  const stem = split === 'test' ? 't10k' : 'train';
  const read = async (file: string) => promisify(gunzip)(await readFile(join(directory, file)));
  let images: Buffer;
  let labels: Buffer;
  try {
    images = await read(`${stem}-images-idx3-ubyte.gz`);
    labels = await read(`${stem}-labels-idx1-ubyte.gz`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FailedPrecondition(`${directory} is not readable: install dataset-fashion-mnist again`, {
      cause,
    });
  }
  const total = images.readUInt32BE(4);
  const first = split === 'test' ? 0 : total - VALIDATION_GARMENTS;
  const count = total - first;
  const frames = new Uint8Array(count * FRAME * FRAME);
  for (let garment = 0; garment < count; garment++)
    for (let y = 0; y < SIDE; y++) {
      const from = 16 + ((first + garment) * SIDE + y) * SIDE;
      frames.set(images.subarray(from, from + SIDE), (garment * FRAME + y + 2) * FRAME + 2);
    }
  return { count, frames, labels: new Uint8Array(labels.subarray(8 + first)) };
}
