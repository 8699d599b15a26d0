import sharp, { type Sharp } from 'sharp';

/** Pictures as cameras send them, by the name of their kind: a small PNG, and a JPEG of 1920 × 1080. */
export async function benchPictures(): Promise<ReadonlyMap<'png-64' | 'jpeg-1080p', Uint8Array>> {
  return new Map([
    ['png-64', await scene(64, 64).png().toBuffer()],
    ['jpeg-1080p', await scene(1920, 1080).jpeg({ quality: 85 }).toBuffer()],
  ]);
}

/** Waves with some grain: neither as cheap to decode as one colour nor as costly as noise. */
function scene(width: number, height: number): Sharp {
  const pixels = new Uint8Array(3 * width * height);
  for (let at = 0; at < pixels.length; at++) {
    const x = (at / 3) % width;
    const y = at / 3 / width;
    const grain = ((at * 2_654_435_761) >>> 28) & 15;
    pixels[at] = 120 + 60 * Math.sin((x / width) * 40 + (at % 3)) + 40 * Math.cos((y / height) * 30) + grain;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}
