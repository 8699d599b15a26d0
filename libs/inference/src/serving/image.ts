import type sharpModule from 'sharp';
import { invalidImage, MAX_PIXELS, withinLimits } from './picture-limits.ts';
import { normalise, sideLengths } from './pixels.ts';
import type { InputSpec } from '../catalogue/manifest.ts';

let loading: Promise<typeof sharpModule> | undefined;

/** Loaded with the first picture: it is large, and a process whose threads decode needs none of its own. */
const decoder = () =>
  (loading ??= import('sharp').then(({ default: sharp }) => {
    // One thread a picture: the pool's slots are the parallelism, and a session's time must not depend on neighbours.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  }));

/**
 * Decodes, resizes and normalises a picture into `data`, which has the model's layout and type.
 * @throws InvalidInput for a picture that cannot be read or is too large
 */
export async function decodeInto(
  image: Uint8Array,
  spec: InputSpec,
  data: Float32Array | Uint8Array,
): Promise<void> {
  const { height, width } = sideLengths(spec);
  normalise(await decode(image, { height, width, gray: spec.colourOrder === 'GRAY' }), spec, data);
}

/** Pixels, row by row, channels interleaved (RGB or gray): uint8 [height × width × channels]. */
export async function decode(
  image: Uint8Array,
  { height, width, gray = false }: { height: number; width: number; gray?: boolean },
): Promise<Uint8Array> {
  const safe = withinLimits(image);
  const sharp = await decoder();
  try {
    const pipeline = sharp(safe, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#000' })
      .resize(width, height, { fit: 'fill' })
      .toColourspace(gray ? 'b-w' : 'srgb');
    return await pipeline.raw({ depth: 'uchar' }).toBuffer();
  } catch (cause) {
    throw invalidImage((cause as Error).message, cause);
  }
}
