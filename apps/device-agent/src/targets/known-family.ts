import type { Canary, LookCurves, Variant } from '@weir/domain';
import { canariesOf, type Family, type IdentifiedFamily, identityOf } from '@weir/inference';
import { variantOf } from './local-models.ts';

/** What the device knows of its own model family. */
export interface KnownFamily {
  readonly family: Family;
  readonly identity: IdentifiedFamily;
  /** In service, and canaries. */
  readonly variants: readonly Variant[];
  readonly canaries: readonly Canary[];
  readonly retired: ReadonlySet<string>;
  /** Those that are not to be chosen: canaries, and retired ones. */
  readonly hidden: ReadonlySet<string>;
  /** What second looks buy; undefined when it does not know. */
  readonly looks: LookCurves | undefined;
  /** The variant that every frame is to use. */
  readonly pinned: string | undefined;
}

export function knownFamily(family: Family): KnownFamily {
  const identity = identityOf(family);
  const canaries = canariesOf(family.variants);
  const retired = new Set((family.retired ?? []).map(({ name }) => name));
  return {
    family,
    identity,
    variants: family.variants.map((entry) => {
      const { name, macs, precision, accuracy } = variantOf(entry);
      return { name, macs, precision, accuracy, checksum: identity.checksums.get(name)! };
    }),
    canaries,
    retired,
    hidden: new Set([...retired, ...canaries.map(({ variant }) => variant)]),
    looks: family.looks,
    pinned: family.pinned,
  };
}
