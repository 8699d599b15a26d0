import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFound } from '@weir/base';
import { type Family, type Manifest, classifierNamed, loadFamily } from '@weir/inference';
import { localMs, paperFamily, profiles } from '@weir/simulation';

/** Images that the published figures were measured on: ImageNet's validation set. */
const publishedPictures = 50_000;

/**
 * The family with the paper's figures in place of its own: accuracies declared as published (top-5, ImageNet), reference
 * times as the profile `contended` says of a device. The models, and what they answer, stay what they are. A folder of
 * links to the family's files; disposing removes it. Throws NotFound for a family of other variants.
 */
export function publishedFamily(family: Family): { readonly directory: string } & Disposable {
  const variants = family.variants.map(({ name }) => {
    const { path: _, ...variant } = classifierNamed(family, name);
    const published = paperFamily.find(({ name }) => name === variant.name);
    if (!published) throw new NotFound(`no figures of ${variant.name} were published in the paper's setting`);
    const { accuracy, macs } = published;
    return {
      ...variant,
      macs,
      accuracy: {
        top1: accuracy,
        n: publishedPictures,
        interval95: [accuracy, accuracy] as [number, number],
      },
      referenceMs: localMs(profiles.contended, published, 1),
    };
  });
  const directory = mkdtempSync(join(tmpdir(), 'weir-published-'));
  // Beside the manifest, or in a folder beside it.
  for (const entry of new Set(family.variants.map(({ file }) => file.split('/')[0]!)))
    symlinkSync(join(family.directory, entry), join(directory, entry));
  const manifest: Manifest = {
    manifestVersion: 1,
    family: `${family.name}-as-published`,
    labels: [...family.labels],
    variants,
  };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest, null, 2));
  symlinkSync(join(family.directory, 'samples'), join(directory, 'samples'));
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Reads it. */
export const loadPublished = ({ directory }: { readonly directory: string }): Promise<Family> =>
  loadFamily(directory);
