import { describe, expect, it } from 'vitest';
import { PictureCount, SharedPictures } from './picture-count.ts';

const count = (...devices: readonly PictureCount[]) =>
  new SharedPictures().count(
    devices.map((pictures) => [pictures, 1] as const),
    (pictures) => pictures,
  );
const countOf = (margins: readonly number[], kept = 1): number => {
  const pictures = new PictureCount();
  for (const margin of margins) {
    pictures.fade(kept, 'older');
    pictures.add(margin);
  }
  return count(pictures);
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
    expect(count(pictures)).toBeCloseTo(16 / 10, 6);
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
    expect(count(pictures)).toBeCloseTo(40, 6);
  });

  it('goes on for ever, with as many pictures as it tells apart', () => {
    const kept = 2 ** (-1 / 1_000);
    const pictures = new PictureCount();
    for (let at = 0; at < 1_200_000; at++) {
      pictures.fade(kept, 'older');
      pictures.add((at % 3_000) / 3_000);
    }
    expect(count(pictures)).toBeGreaterThan(1_400);
    expect(count(pictures)).toBeLessThan(2_400);
  });

  it('tells those apart that came last, and no more than some thousands', () => {
    const margins = different(5_000);
    const pictures = new PictureCount();
    for (const margin of margins) pictures.add(margin);
    expect(margins.slice(0, 500).map((margin) => pictures.weightOf(margin))).toEqual(Array(500).fill(0));
    expect(margins.slice(1_000).map((margin) => pictures.weightOf(margin))).toEqual(Array(4_000).fill(1));
    pictures.fade(0.05, 'older');
    for (const margin of different(100)) pictures.add(1 + margin);
    expect(pictures.weightOf(margins.at(-1)!)).toBe(0);
    expect(pictures.weightOf(1)).toBe(1);
  });

  it('is nothing at first', () => {
    expect(count(new PictureCount())).toBe(0);
  });
});

describe('SharedPictures', () => {
  /** Devices that have looked at these. */
  const devices = (...seen: readonly (readonly number[])[]) => {
    const shared = new SharedPictures();
    const pictures = seen.map((margins) => {
      const own = new PictureCount();
      for (const margin of margins) {
        own.add(margin);
        shared.add(margin, own);
      }
      return own;
    });
    return (...factors: readonly number[]) =>
      shared.count(
        pictures.map((each, at) => [each, factors[at]!] as const),
        (each) => each,
      );
  };

  it('adds up what devices have looked at, and counts a picture once that several have looked at', () => {
    expect(
      devices(
        different(30),
        different(20).map((margin) => 1 + margin),
      )(1, 1),
    ).toBeCloseTo(50, 6);
    expect(devices(different(30), different(30))(1, 1)).toBeCloseTo(30, 6);
    expect(devices(different(30), different(30), different(30))(1, 1, 1)).toBeCloseTo(30, 6);
  });

  it('counts of a device the share that counts', () => {
    const count = devices(different(30), different(30));
    expect(count(1, 0)).toBeCloseTo(30, 6);
    expect(devices([0.1], [0.2])(1, 0.5)).toBeCloseTo(1.5 ** 2 / 1.25, 6);
    expect(devices([0.1], [0.1])(1, 0.5)).toBeCloseTo(1, 6);
  });

  it('remembers who has looked at the last few thousand pictures, and no more', () => {
    // So many more have been looked at, by others, since both looked at it.
    const seen = (since: number) => {
      const shared = new SharedPictures();
      const pair = [new PictureCount(), new PictureCount()];
      const others = new PictureCount();
      for (const pictures of pair) {
        pictures.add(0.5);
        shared.add(0.5, pictures);
      }
      for (const margin of different(since))
        for (const pictures of [others, new PictureCount()]) shared.add(1 + margin, pictures);
      return shared.count(
        pair.map((pictures) => [pictures, 1] as const),
        (pictures) => pictures,
      );
    };
    expect(seen(4_000)).toBeCloseTo(1, 6);
    expect(seen(4_200)).toBeCloseTo(2, 6);
    expect(seen(9_000)).toBeCloseTo(2, 6);
  });

  it('forgets what a device has looked at as that fades', () => {
    const shared = new SharedPictures();
    const [old, fresh] = [new PictureCount(), new PictureCount()];
    for (const pictures of [old, fresh]) {
      pictures.add(0.5);
      shared.add(0.5, pictures);
    }
    for (let halving = 0; halving < 40; halving++) old.fade(0.5, 'older');
    fresh.add(0.6);
    expect(
      shared.count(
        [
          [old, 1],
          [fresh, 1],
        ],
        (pictures) => pictures,
      ),
    ).toBeCloseTo(2, 6);
  });
});
