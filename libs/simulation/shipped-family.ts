import type { LookCurves } from '@weir/domain';
import { readFileSync } from 'node:fs';
import { type SimulatedFamily, withPaperSizes } from './src/index.ts';

interface Manifest {
  readonly variants: readonly { readonly name: string; readonly accuracy: { readonly top1: number } }[];
  readonly looks: Omit<LookCurves, 'version'>;
}

/** Accuracies and curves of the embedded family under the sizes of the paper's variants; of `names` alone, where given. */
export function shippedFamily(names?: readonly string[]): SimulatedFamily & { readonly looks: LookCurves } {
  const manifest = JSON.parse(
    readFileSync(new URL('../inference/models/manifest.json', import.meta.url), 'utf8'),
  ) as Manifest;
  const used = (name: string) => names === undefined || names.includes(name);
  const looks = {
    ...manifest.looks,
    version: 'shipped',
    curves: manifest.looks.curves.filter(({ first, second }) => used(first) && used(second)),
  };
  const variants = manifest.variants
    .filter(({ name }) => used(name))
    .map(({ name, accuracy }) => ({ name, accuracy: accuracy.top1 }));
  return { ...withPaperSizes({ variants, looks }), looks };
}
