/**
 * The same picture, as PNG, with less contrast about its own mean brightness, as mist or a dirty lens has it. `contrast`:
 * 1 leaves it as it is, 0 is one grey.
 */
export async function palePicture(image: Uint8Array, contrast: number): Promise<Uint8Array> {
  // Loaded where it is needed: it is large.
  const { default: sharp } = await import('sharp');
  const picture = sharp(image).flatten({ background: '#000' }).toColourspace('srgb');
  const { channels } = await sharp(await picture.clone().png().toBuffer()).stats();
  const mean = channels.reduce((sum, channel) => sum + channel.mean, 0) / channels.length;
  return picture
    .linear(contrast, (1 - contrast) * mean)
    .png()
    .toBuffer();
}
