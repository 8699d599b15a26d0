import { describe, expect, it } from 'vitest';
import { calibrate, calibrationSet, type CalibratedVariant } from './calibration.ts';

const variant = (width: number, precision: 'fp32' | 'int8', referenceMs?: number): CalibratedVariant => ({
  name: `${width}-${precision}`,
  macs: width * width * 100,
  precision,
  accuracy: 0.7 + width / 10 - (precision === 'int8' ? 0.01 : 0),
  referenceMs,
});
const family = [1, 0.75, 0.5, 0.25].flatMap((width) => [variant(width, 'fp32'), variant(width, 'int8')]);

describe('calibrationSet', () => {
  it('is the best FP32, the best INT8 and the smallest variant', () => {
    expect(calibrationSet(family).map(({ name }) => name)).toEqual(['1-fp32', '1-int8', '0.25-fp32']);
  });

  it('names no variant twice and needs none', () => {
    expect(calibrationSet([variant(1, 'fp32')])).toHaveLength(1);
    expect(calibrationSet([])).toEqual([]);
  });
});

describe('calibrate', () => {
  it('measures three times and takes the median', async () => {
    const times = [90, 10, 20];
    const calibration = await calibrate([variant(1, 'fp32')], async () => times.shift()!);
    expect(calibration.services().get('1-fp32')).toBe(20);
    expect(times).toEqual([]);
  });

  it('makes do with one long run', async () => {
    let runs = 0;
    const calibration = await calibrate([variant(1, 'fp32')], async () => 400 + runs++);
    expect(calibration.services().get('1-fp32')).toBe(400);
    expect(runs).toBe(1);
  });

  it('runs only the calibration set and estimates the others from the nearest of their precision', async () => {
    const seen = new Set<string>();
    const calibration = await calibrate(family, async (name) => {
      seen.add(name);
      return name === '1-int8' ? 40 : name === '1-fp32' ? 100 : 10;
    });
    expect([...seen]).toEqual(['1-fp32', '1-int8', '0.25-fp32']);
    expect(calibration.services().get('0.5-int8')).toBeCloseTo(10);
    expect(calibration.services().get('0.75-fp32')).toBeCloseTo(56.25);
  });

  it('uses the manifest’s reference times where both have one', async () => {
    const calibration = await calibrate(
      [variant(1, 'int8', 8), variant(0.5, 'int8', 4), variant(0.25, 'int8', 1)],
      async (name) => (name === '1-int8' ? 80 : 10),
    );
    expect(calibration.services().get('0.5-int8')).toBeCloseTo(40);
  });

  it('follows what is measured later, also for variants that are estimated', async () => {
    const calibration = await calibrate(family, async () => 100);
    calibration.measured('1-int8', 800);
    expect(calibration.services().get('1-int8')).toBe(800);
    expect(calibration.services().get('0.5-int8')).toBeCloseTo(200);
    expect(calibration.services().get('1-fp32')).toBe(100);
  });
});
