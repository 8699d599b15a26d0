import type { FieldViolation, InvalidInput } from '@weir/base';
import { readFile } from 'node:fs/promises';
import type { LabelledFile } from '../labelled-pictures.ts';
import type { InputSpec } from '../manifest.ts';
import type { Progress } from '../measure-accuracy.ts';
import { decode } from '../../serving/image.ts';
import { sideLengths } from '../../serving/pixels.ts';

/** Decodes every picture as a model that takes `spec` would. The faults of those that cannot be. */
export async function pictureFaults(
  pictures: readonly LabelledFile[],
  spec: InputSpec,
  onProgress?: Progress,
): Promise<readonly FieldViolation[]> {
  const { height, width } = sideLengths(spec);
  const faults: (FieldViolation | undefined)[] = [];
  const gray = spec.colourOrder === 'GRAY';
  let done = 0;
  await inTurns(pictures, async ({ path, origin }, index) => {
    const fault = await faultOf(path, (image) => decode(image, { height, width, gray }));
    if (fault !== undefined)
      faults[index] = { field: origin, description: origin === path ? fault : `${path} ${fault}` };
    onProgress?.({ task: 'pictures', done: ++done, total: pictures.length });
  });
  return faults.filter((fault) => fault !== undefined);
}

async function faultOf(path: string, decoded: (image: Uint8Array) => Promise<unknown>) {
  try {
    const image = await readFile(path);
    if (image.length === 0) return 'is empty';
    await decoded(image);
    return undefined;
  } catch (error) {
    const { violations, cause, message } = error as Partial<InvalidInput> & Error;
    const why = violations?.[0]?.description ?? message;
    return violations && !cause ? why : `cannot be decoded: ${why}`;
  }
}

/** A few at once. */
async function inTurns<T>(
  items: readonly T[],
  use: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      await use(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}
