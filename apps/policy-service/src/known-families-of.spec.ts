import { identityOf, loadFamily } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { knownFamiliesOf } from './known-families-of.ts';

describe('knownFamiliesOf', () => {
  it('knows of each variant what its manifest says, by its checksum', async () => {
    const family = await loadFamily();
    const { checksums } = identityOf(family);
    const known = await knownFamiliesOf(['embedded']);
    for (const { name, macs, accuracy } of family.variants)
      expect(known.variant({ name, checksum: checksums.get(name)! })).toMatchObject({
        macs,
        accuracy: (accuracy as { top1: number }).top1,
      });
    expect(known.variant({ name: family.variants[0]!.name, checksum: 'of another' })).toBeUndefined();
    expect(known.looks(family.looks!.version)).toEqual(family.looks);
  });

  it('throws where there is no family', async () => {
    await expect(knownFamiliesOf(['/nowhere'])).rejects.toThrow(/no model family at/);
  });
});
