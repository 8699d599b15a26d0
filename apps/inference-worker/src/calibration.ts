import { median, seededRandom } from '@weir/base';
import type { ServiceFigure } from '@weir/domain';
import {
  type InferenceInput,
  type InputSpec,
  type Runner,
  type VariantEntry,
  zeroInput,
} from '@weir/inference';
import type { EnergyProbe } from '@weir/telemetry';

/** Runs of each variant; a few suffice for a dilated slot, which is held for a set time. */
const runs = { measured: 9, dilated: 3 };

/** Measures service times: runs each variant alone on the warm, idle node, on its test input. */
export async function calibrate({
  runner,
  energy,
  cpuShare,
  dilated,
}: {
  runner: Pick<Runner, 'variants' | 'run'>;
  energy: Pick<EnergyProbe, 'energyOfInference'>;
  /** Share of the node's processors that one inference keeps busy, 0..1. */
  cpuShare: number;
  dilated: boolean;
}): Promise<readonly ServiceFigure[]> {
  const figures: ServiceFigure[] = [];
  for (const variant of runner.variants) {
    const input = await testInput(variant);
    const times: number[] = [];
    for (let run = 0; run < (dilated ? runs.dilated : runs.measured); run++) {
      const { decodeMs, computeMs } = await runner.run({ variant: variant.name, input });
      times.push(decodeMs + computeMs);
    }
    const serviceMs = median(times);
    const energyJ = energy.energyOfInference({ computeMs: serviceMs, cpuShare });
    figures.push({ variant: variant.name, serviceMs, energyJ });
  }
  return figures;
}

/** What a variant is measured on: a picture of the model's own size; zeros where it takes tensors. */
export const testInput = async (variant: VariantEntry): Promise<InferenceInput> =>
  variant.task === 'tensor' ? zeroInput(variant) : { image: await testPicture(variant.input) };

/** A PNG of the model's height and width: noise that compresses about as badly as a photograph. */
export async function testPicture({
  layout,
  shape,
}: Pick<InputSpec, 'layout' | 'shape'>): Promise<Uint8Array> {
  const [, a, b, c] = shape as [number, number, number, number];
  const [height, width] = layout === 'NCHW' ? [b, c] : [a, b];
  const random = seededRandom(1);
  // Five of eight bits vary.
  const pixels = Uint8Array.from({ length: 3 * width * height }, () => 64 + random.integer(32));
  // Loaded here alone, and it is large: pictures are decoded by the slots' threads.
  const { default: sharp } = await import('sharp');
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
