import { describe, expect, it } from 'vitest';
import { PictureCount } from './picture-count.ts';

const countOf = (margins: readonly number[], kept = 1): number => {
  const pictures = new PictureCount();
  for (const margin of margins) {
    pictures.fade(kept, 'older');
    pictures.add(margin);
  }
  return pictures.count;
};
const different = (count: number) => Array.from({ length: count }, (_, at) => at / count);

describe('PictureCount', () => {
  it('counts every look at another picture', () => {
    expect(countOf(different(100))).toBeCloseTo(100, 6);
  });

  it('counts pictures that come again once, whatever their order', () => {
    const scenes = different(20);
    expect(countOf(Array.from({ length: 10 }, () => scenes).flat())).toBeCloseTo(20, 6);
    expect(countOf(scenes.flatMap((scene) => Array<number>(10).fill(scene)))).toBeCloseTo(20, 6);
  });

  it('counts less where some weigh more', () => {
    const pictures = new PictureCount();
    pictures.add(0.1, 3);
    pictures.add(0.2, 1);
    expect(pictures.count).toBeCloseTo(16 / 10, 6);
  });

  it('forgets', () => {
    const kept = 2 ** (-1 / 100);
    const all = countOf(different(5_000), kept);
    expect(all).toBeCloseTo((1 + kept) / (1 - kept), 3);
    const again = countOf([...different(5_000), ...Array<number>(5_000).fill(0.5)], kept);
    expect(again).toBeCloseTo(1, 3);
  });

  it('may have fewer', () => {
    const pictures = new PictureCount();
    for (const margin of different(100)) pictures.add(margin);
    pictures.fade(0.4, 'fewer');
    expect(pictures.count).toBeCloseTo(40, 6);
  });

  it('goes on for ever, with as many pictures as it tells apart', () => {
    const kept = 2 ** (-1 / 1_000);
    const pictures = new PictureCount();
    for (let at = 0; at < 1_200_000; at++) {
      pictures.fade(kept, 'older');
      pictures.add((at % 3_000) / 3_000);
    }
    expect(pictures.count).toBeGreaterThan(1_400);
    expect(pictures.count).toBeLessThan(2_400);
  });

  it('is nothing at first', () => {
    expect(new PictureCount().count).toBe(0);
  });
});
