import type { LookCurves, Variant } from '@weir/domain';

/** A model family as its manifest describes it. */
export interface KnownFamily {
  readonly name: string;
  /** Each with its checksum. */
  readonly variants: readonly Variant[];
  readonly looks?: LookCurves | undefined;
}

/**
 * The families that the service was given: what they say of their variants and second looks is true, whatever devices say,
 * and no other variants are planned with.
 */
export class KnownFamilies {
  readonly #byChecksum = new Map<string, Variant>();
  /** Undefined where several families have a variant of the name. */
  readonly #byName = new Map<string, Variant | undefined>();
  readonly #looks = new Map<string, LookCurves>();

  constructor(families: readonly KnownFamily[]) {
    for (const { variants, looks } of families) {
      if (looks) this.#looks.set(looks.version, looks);
      for (const variant of variants) {
        const { name, checksum = '' } = variant;
        if (this.#byChecksum.has(key(name, checksum))) continue;
        this.#byChecksum.set(key(name, checksum), variant);
        this.#byName.set(name, this.#byName.has(name) ? undefined : variant);
      }
    }
  }

  /** Accuracy of the most accurate variant, 0..1. */
  get bestAccuracy(): number {
    return Math.max(...this.#byChecksum.values().map(({ accuracy }) => accuracy));
  }

  /** What is true of a variant that a device claims to have; undefined for one of no known family. */
  variant({ name, checksum }: Pick<Variant, 'name' | 'checksum'>): Variant | undefined {
    return checksum === undefined ? this.#byName.get(name) : this.#byChecksum.get(key(name, checksum));
  }

  /** The curves of that version; undefined for those of no known family. */
  looks(version: string): LookCurves | undefined {
    return this.#looks.get(version);
  }
}

const key = (name: string, checksum: string) => JSON.stringify([name, checksum]);
