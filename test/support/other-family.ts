import { embeddedFamilyDirectory } from '@weir/inference';
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  family: string;
  readonly labels: string[];
  readonly variants: readonly { readonly file: string }[];
}

/** What tells the labels of the other family from the embedded family's. */
export const otherLabel = (label: string): string => `other ${label}`;

/** Folder of a family with the embedded one's models and names of variants, over other labels. */
export function otherFamily(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weir-family-'));
  const manifest = JSON.parse(
    readFileSync(join(embeddedFamilyDirectory, 'manifest.json'), 'utf8'),
  ) as Manifest;
  for (const { file } of manifest.variants)
    symlinkSync(join(embeddedFamilyDirectory, file), join(directory, file));
  const other = { ...manifest, family: 'other-things', labels: manifest.labels.map(otherLabel) };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(other));
  return directory;
}
