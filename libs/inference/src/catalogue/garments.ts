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

/** The test split, or undefined when the data set is not installed. */
export async function loadTestGarments(directory = GARMENTS_DIRECTORY): Promise<Garments | undefined> {
  const read = async (file: string) => promisify(gunzip)(await readFile(join(directory, file)));
  let images: Buffer;
  let labels: Buffer;
  try {
    images = await read('t10k-images-idx3-ubyte.gz');
    labels = await read('t10k-labels-idx1-ubyte.gz');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FailedPrecondition(`${directory} is not readable: install dataset-fashion-mnist again`, {
      cause,
    });
  }
  const count = images.readUInt32BE(4);
  const frames = new Uint8Array(count * FRAME * FRAME);
  for (let garment = 0; garment < count; garment++)
    for (let y = 0; y < SIDE; y++) {
      const from = 16 + (garment * SIDE + y) * SIDE;
      frames.set(images.subarray(from, from + SIDE), (garment * FRAME + y + 2) * FRAME + 2);
    }
  return { count, frames, labels: new Uint8Array(labels.subarray(8)) };
}
