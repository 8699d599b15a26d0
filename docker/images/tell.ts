import type { BuiltImage } from './build.ts';

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`.padStart(7);

/** Prints what was built: sizes, how many packages each image is made of, and where the lists of them are. */
export function tellImages(built: readonly BuiltImage[], into: string): void {
  for (const { name, sizes } of built)
    for (const { architecture, compressedBytes, unpackedBytes, packages } of sizes)
      console.log(
        `${name.padEnd(24)} ${architecture}  ${megabytes(unpackedBytes)} unpacked  ${megabytes(compressedBytes)} compressed  ${packages} packages`,
      );
  console.log(`OCI layouts and CycloneDX lists of what is in them: ${into}`);
}
