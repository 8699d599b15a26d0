import { type Family, variantNamed } from '@weir/inference';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withInputSide } from './onnx-input.ts';

/** The models that are served. Weights that were trained for another side mean nothing at 224; their cost is the same. */
export const benchModels = [
  { name: 'fp32-224', base: 'mobilenet-v1-1.00-fp32', side: 224, addedMs: 1 },
  { name: 'fp32-64', base: 'mobilenet-v1-0.50-fp32', side: 64, addedMs: 0.25 },
] as const;

export type BenchModel = (typeof benchModels)[number];

/** Writes a family of those models into a folder. Throws NotFound when `family` lacks their bases. */
export async function writeBenchFamily(folder: string, family: Family): Promise<void> {
  const manifest = JSON.parse(await readFile(join(family.directory, 'manifest.json'), 'utf8')) as {
    variants: { name: string; input: { shape: number[] } }[];
  };
  const variants = [];
  for (const { name, base, side } of benchModels) {
    const { path } = variantNamed(family, base);
    const entry = manifest.variants.find((variant) => variant.name === base)!;
    const model = withInputSide(await readFile(path), side);
    const file = `${name}.onnx`;
    await writeFile(join(folder, file), model);
    variants.push({
      ...entry,
      name,
      file,
      bytes: model.length,
      sha256: createHash('sha256').update(model).digest('hex'),
      input: { ...entry.input, shape: [1, 3, side, side] },
    });
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, variants }));
}
