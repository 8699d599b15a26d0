import { existsSync } from 'node:fs';
import { loadFamily, verifyChecksums } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { paperCell } from './paper-cell.ts';
import { loadPublished, publishedFamily } from './published-family.ts';

describe('the published family', () => {
  it('declares the figures of the paper over the very same models, and leaves nothing behind', async () => {
    const embedded = await loadFamily();
    let folder: string;
    {
      using published = publishedFamily(embedded);
      folder = published.directory;
      const family = await loadPublished(published);
      const [large] = family.variants;
      expect(large).toMatchObject({
        name: 'mobilenet-v1-1.00-fp32',
        macs: 569e6,
        referenceMs: 490,
        accuracy: { top1: 0.899 },
      });
      expect((await verifyChecksums(family)).every(({ matches }) => matches)).toBe(true);
    }
    expect(existsSync(folder)).toBe(false);
  });
});

describe("the paper's cell", () => {
  it('emulates such processors that the best variant takes what the paper’s contended profile says', async () => {
    const family = await loadFamily();
    const { referenceMs } = family.variants.find(({ name }) => name === 'mobilenet-v1-1.00-fp32')!;
    const cell = paperCell({ experiment: 'B', users: 5, space: 'paper', family, seed: 1 });
    expect(cell.devices[0]!.dilationFactor * referenceMs!).toBeCloseTo(490, 6);
    expect(cell.nodes.map(({ dilationFactor }) => Math.round(dilationFactor * referenceMs!))).toEqual([
      240, 260,
    ]);
    expect(cell.nodes.map(({ variants }) => variants)).toEqual([
      ['mobilenet-v1-1.00-fp32'],
      ['mobilenet-v1-1.00-fp32'],
    ]);
    expect(cell.devices.map(({ links }) => links)).toEqual(['regular', 'weak', 'regular', 'weak', 'regular']);
  });
});
