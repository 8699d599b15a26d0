import { classifierNamed, loadFamily, type RunResult } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { calibrate, testPicture } from './calibration.ts';

const { variants } = await loadFamily();
const energy = {
  energyOfInference: ({ computeMs, cpuShare = 1 }: { computeMs: number; cpuShare?: number }) =>
    computeMs * cpuShare,
};

describe('calibrate', () => {
  it('takes the median of decode and compute of each variant, and its energy', async () => {
    const timesMs = [9, 1, 100];
    let run = 0;
    const figures = await calibrate({
      runner: {
        variants: variants.slice(0, 2),
        run: async () => ({ decodeMs: 2, computeMs: timesMs[run++ % 3]! }) as RunResult,
      },
      energy,
      cpuShare: 0.5,
      dilated: true,
    });
    expect(figures).toEqual(
      variants.slice(0, 2).map(({ name }) => ({ variant: name, serviceMs: 11, energyJ: 5.5 })),
    );
    expect(run).toBe(6);
  });
});

describe('test picture', () => {
  it('is a PNG of the size that the model takes', async () => {
    const { input } = classifierNamed({ variants }, variants[0]!.name);
    const picture = Buffer.from(await testPicture({ ...input, layout: 'NHWC', shape: [1, 20, 30, 3] }));
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([30, 20]);
    expect(picture.length).toBeGreaterThan(20 * 30);
  });
});
