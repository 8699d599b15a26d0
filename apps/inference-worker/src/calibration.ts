import { percentile } from '@weir/base';
import type { ServiceFigure } from '@weir/domain';
import type { Runner, VariantEntry } from '@weir/inference';
import type { EnergyProbe } from '@weir/telemetry';
import { crc32, deflateSync } from 'node:zlib';

/** Runs of each variant; a few suffice for a dilated slot, which is held for a set time. */
const runs = { measured: 9, dilated: 3 };

/** Measures service times: runs each variant alone on the warm, idle node, on a picture of the model's own size. */
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
    const image = testPicture(variant.input);
    const times: number[] = [];
    for (let run = 0; run < (dilated ? runs.dilated : runs.measured); run++) {
      const { decodeMs, computeMs } = await runner.run({ variant: variant.name, input: { image } });
      times.push(decodeMs + computeMs);
    }
    const serviceMs = percentile(times, 0.5);
    const energyJ = energy.energyOfInference({ computeMs: serviceMs, cpuShare });
    figures.push({ variant: variant.name, serviceMs, energyJ });
  }
  return figures;
}

/** A PNG of the model's height and width: noise that compresses about as badly as a photograph. */
export function testPicture({ layout, shape }: VariantEntry['input']): Uint8Array {
  const [, a, b, c] = shape as [number, number, number, number];
  const [height, width] = layout === 'NCHW' ? [b, c] : [a, b];
  const rowBytes = 1 + 3 * width;
  const pixels = Buffer.alloc(height * rowBytes);
  for (let at = 0, state = 1; at < pixels.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Each row begins with its filter: none. Five of eight bits vary.
    if (at % rowBytes !== 0) pixels[at] = 64 + (state >>> 27);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a sample, RGB.
  header.set([8, 2], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Source: W3C, Portable Network Graphics, section 5.3. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
