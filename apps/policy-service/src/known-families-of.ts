import { describeFamily, expectedAccuracy, identityOf } from '@weir/inference/family';
import { KnownFamilies, type KnownFamily } from './cell/known-families.ts';

/** Stands for the family that ships with Weir. */
const embedded = 'embedded';

/** Reads the manifests of those folders. Throws as `describeFamily`. */
export async function knownFamiliesOf(folders: readonly string[]): Promise<KnownFamilies> {
  const known = folders.map(async (folder): Promise<KnownFamily> => {
    const family = await describeFamily(folder === embedded ? undefined : folder);
    const { checksums } = identityOf(family);
    const variants = family.variants.map((entry) => {
      const { name, macs = 1, precision } = entry;
      return {
        name,
        macs,
        precision: precision === 'int8' ? ('int8' as const) : ('fp32' as const),
        accuracy: expectedAccuracy(entry),
        checksum: checksums.get(name)!,
      };
    });
    return { name: family.name, variants, looks: family.looks };
  });
  return new KnownFamilies(await Promise.all(known));
}
