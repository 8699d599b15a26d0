import { InvalidInput } from '@weir/base';
import fc from 'fast-check';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decode } from './image.ts';
import { MAX_IMAGE_BYTES, pixelsToDecode, withinLimits } from './picture-limits.ts';

const size = { height: 2, width: 2 };

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG with further chunks between its header and its pixels. */
async function pngWith(...chunks: readonly Buffer[]): Promise<Buffer> {
  const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#4080c0' } })
    .png()
    .toBuffer();
  const header = 8 + 25;
  return Buffer.concat([png.subarray(0, header), ...chunks, png.subarray(header)]);
}

describe('pixelsToDecode', () => {
  const created = sharp({ create: { width: 400, height: 300, channels: 3, background: '#456' } });
  it('are those of a PNG, and of a JPEG times its scans', async () => {
    expect(pixelsToDecode(await created.png({ progressive: true }).toBuffer())).toBe(120_000);
    expect(pixelsToDecode(await created.jpeg().toBuffer())).toBe(120_000);
    const progressive = pixelsToDecode(await created.jpeg({ progressive: true }).toBuffer()) / 120_000;
    expect(progressive).toBeGreaterThan(4);
    expect(Number.isInteger(progressive)).toBe(true);
  });

  it('are none of what is no picture', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('picture'), Buffer.from('89504e470d0a1a0a', 'hex')])
      expect(pixelsToDecode(bytes)).toBe(0);
  });
});

describe('withinLimits', () => {
  it('leaves out of a PNG what makes no pixels, so that nothing of it is inflated', async () => {
    const bomb = deflateSync(Buffer.alloc(1_000_000));
    const texts = ['zTXt', 'iTXt', 'tEXt', 'prVt'].map((type) =>
      chunk(type, Buffer.concat([Buffer.from('k\0\0'), bomb])),
    );
    const image = await pngWith(...texts);
    const safe = withinLimits(image);
    for (const type of ['zTXt', 'iTXt', 'tEXt', 'prVt']) expect(Buffer.from(safe).includes(type)).toBe(false);
    expect([...(await decode(image, size))].slice(0, 3)).toEqual([0x40, 0x80, 0xc0]);
  });

  it('keeps transparency, colour space and orientation, the first of each', async () => {
    const kept = [chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f])), chunk('sRGB', Buffer.from([0]))];
    const safe = Buffer.from(withinLimits(await pngWith(...kept, ...kept)));
    for (const one of kept) {
      expect(safe.includes(one)).toBe(true);
      expect(safe.indexOf(one)).toBe(safe.lastIndexOf(one));
    }
  });

  it('refuses a JPEG with more scans than its size allows, and takes as many in a small one', async () => {
    const withScans = async (side: number, scans: number) => {
      const jpeg = await sharp({ create: { width: side, height: side, channels: 3, background: '#456' } })
        .jpeg({ progressive: true })
        .toBuffer();
      const last = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), jpeg.length - 2);
      return Buffer.concat([
        jpeg.subarray(0, jpeg.length - 2),
        ...Array<Buffer>(scans).fill(last),
        jpeg.subarray(-2),
      ]);
    };
    const large = await withScans(4_000, 60);
    expect(() => withinLimits(large)).toThrow(/scans.*at most 33 /);
    expect(withinLimits(await withScans(4_000, 10))).toHaveLength((await withScans(4_000, 10)).length);
    const small = await withScans(64, 600);
    expect(withinLimits(small)).toBe(small);
  });

  it('refuses a file that is too large', () => {
    const image = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(MAX_IMAGE_BYTES)]);
    expect(() => withinLimits(image)).toThrow(InvalidInput);
  });

  it('reads any bytes to an end, whatever they claim', () => {
    const bytes = fc.uint8Array({ maxLength: 2_000 });
    fc.assert(
      fc.property(bytes, fc.constantFrom('89504e470d0a1a0a', 'ffd8ff', 'ffd8ffdaffda'), (rest, magic) => {
        const image = Buffer.concat([Buffer.from(magic, 'hex'), rest]);
        expect(withinLimits(image).byteLength).toBeLessThanOrEqual(image.byteLength);
      }),
      { numRuns: 500 },
    );
  });
});
