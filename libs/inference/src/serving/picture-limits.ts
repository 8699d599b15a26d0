import { InvalidInput } from '@weir/base/errors';

/** Larger pictures are refused before their pixels are decompressed. */
export const MAX_PIXELS = 16_777_216;
export const MAX_IMAGE_BYTES = 16 * 1024 * 1024;

/**
 * Scans × pixels of a progressive JPEG: each scan goes over the whole picture, 45 ms at 16 megapixels, and a few KB can
 * hold thousands. Encoders write about ten.
 */
const MAX_SCANNED_PIXELS = 32 * MAX_PIXELS;

/**
 * A picture that costs no more to decode than its size allows: of a PNG, the chunks that do not make pixels are left out
 * (a 4 MB file can hold texts that inflate to gigabytes); a JPEG with too many scans is refused.
 * @throws InvalidInput naming the limit
 */
export function withinLimits(image: Uint8Array): Uint8Array {
  if (image.byteLength > MAX_IMAGE_BYTES)
    throw invalidImage(`has ${image.byteLength} bytes; at most ${MAX_IMAGE_BYTES} are taken`);
  if (startsWith(image, PNG)) return withoutAncillaryChunks(image);
  if (!startsWith(image, JPEG)) throw invalidImage('is neither PNG nor JPEG');
  refuseManyScans(image);
  return image;
}

/**
 * What a picture costs to decode, as its header says: pixels, of a progressive JPEG those of all scans. 0 for what
 * is no picture, which costs nothing to refuse.
 */
export function pixelsToDecode(image: Uint8Array): number {
  if (startsWith(image, PNG) && image.byteLength >= 24) {
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    // The header comes first. Source: W3C, Portable Network Graphics, section 11.2.1.
    return view.getUint32(16) * view.getUint32(20);
  }
  if (!startsWith(image, JPEG)) return 0;
  const { scans, pixels } = extentOf(image);
  return Math.max(1, scans) * pixels;
}

export const invalidImage = (description: string, cause?: unknown) =>
  new InvalidInput([{ field: 'image', description }], { reason: 'INVALID_IMAGE', cause });

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const JPEG = [0xff, 0xd8, 0xff] as const;
const startsWith = (bytes: Uint8Array, magic: readonly number[]) =>
  magic.every((byte, at) => bytes[at] === byte);

/** Ancillary chunks that change pixels: transparency, colour space, orientation; the first of each. */
const keptChunks = new Set(['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'eXIf']);

/** Source: W3C, Portable Network Graphics, sections 5.2 to 5.4. */
function withoutAncillaryChunks(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const kept: Uint8Array[] = [png.subarray(0, PNG.length)];
  const wanted = new Set(keptChunks);
  for (let at: number = PNG.length; at + 12 <= png.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    // The first letter of what every decoder must understand is a capital.
    if (isCapital(type) || wanted.delete(type)) kept.push(png.subarray(at, Math.min(end, png.length)));
    at = end;
  }
  const bytes = kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return bytes === png.byteLength ? png : Buffer.concat(kept, bytes);
}

const isCapital = (type: string) => type >= 'A' && type < '[';

const marker = { startOfScan: 0xda, endOfImage: 0xd9 } as const;
const isStartOfFrame = (code: number) =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

function refuseManyScans(jpeg: Uint8Array): void {
  const { scans, pixels, tooMany } = extentOf(jpeg);
  if (tooMany)
    throw invalidImage(
      `is a progressive JPEG of ${pixels} pixels with ${scans} scans or more; at most ${Math.floor(MAX_SCANNED_PIXELS / pixels)} are decoded at that size`,
    );
}

/** Pixels of a JPEG, and how often a decoder goes over them, counted until that is too often. Source: ITU-T T.81, annex B. */
function extentOf(jpeg: Uint8Array): { scans: number; pixels: number; tooMany: boolean } {
  let [scans, pixels] = [0, 0];
  for (let at = 2; at + 4 <= jpeg.length;) {
    if (jpeg[at] !== 0xff) {
      // Within the data of a scan, or padding.
      at = jpeg.indexOf(0xff, at);
      if (at < 0) break;
      continue;
    }
    const code = jpeg[at + 1]!;
    // A stuffed byte, a restart or a fill byte: no segment.
    if (code === 0 || code === 0xff || (code >= 0xd0 && code <= 0xd8) || code === 1) {
      at += code === 0xff ? 1 : 2;
      continue;
    }
    if (code === marker.endOfImage) break;
    if (isStartOfFrame(code) && at + 9 <= jpeg.length)
      pixels = ((jpeg[at + 5]! << 8) | jpeg[at + 6]!) * ((jpeg[at + 7]! << 8) | jpeg[at + 8]!);
    if (code === marker.startOfScan && ++scans * pixels > MAX_SCANNED_PIXELS)
      return { scans, pixels, tooMany: true };
    at += 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!);
  }
  return { scans, pixels, tooMany: false };
}
