import type { Variant } from '@weir/domain';
import { byName } from './by-name.ts';

/** When what a device claims was first claimed, by variant: 0 before 1 before 2 … Stored with the device. */
export type ClaimRanks = Readonly<Record<string, number>>;

/** A device says something else of a variant than what stands. */
export interface DeviantClaim {
  readonly deviceId: string;
  readonly claimed: Variant;
  readonly established: Variant;
}

interface Claim {
  readonly variant: Variant;
  rank: number;
  readonly claimants: Set<string>;
}

/** Deviant claims that are remembered as told. */
const maxTold = 1_024;

/**
 * What the cell holds to be true of each variant: MACs, precision and accuracy are the same wherever it runs, so nobody
 * may redefine them for others. What was claimed first stands as long as any member claims it; then the next. Variants of
 * two checksums are never one: whose models conflict with those of others does not belong to the cell (families.ts).
 */
export class VariantFacts {
  readonly #tell: (claim: DeviantClaim) => void;
  /** By name, then by what is claimed. */
  readonly #claims = new Map<string, Map<string, Claim>>();
  readonly #told = new Set<string>();

  /** `tell` hears of each deviant claim once. */
  constructor(tell: (claim: DeviantClaim) => void) {
    this.#tell = tell;
  }

  /** Replaces what the device claimed before. `stored`: its ranks before a restart, in which any order of devices is good. */
  claim(deviceId: string, variants: readonly Variant[], stored?: ClaimRanks): void {
    const claimed = new Set<Claim>();
    for (const variant of variants) {
      const claim = this.#claimFor(variant, stored && (stored[variant.name] ?? 0));
      claim.claimants.add(deviceId);
      claimed.add(claim);
    }
    this.#withdraw(deviceId, claimed);
    for (const { variant } of claimed) this.#tellDeviant(deviceId, variant);
  }

  withdraw(deviceId: string): void {
    this.#withdraw(deviceId, new Set());
  }

  /** Names that mean other models to the device than to others of the cell. */
  conflicting(deviceId: string, variants: readonly Variant[]): string[] {
    const isOther = ({ name, checksum }: Variant) =>
      checksum !== undefined &&
      [...(this.#claims.get(name)?.values() ?? [])].some(
        ({ variant, claimants }) =>
          variant.checksum !== undefined &&
          variant.checksum !== checksum &&
          (claimants.size > 1 || !claimants.has(deviceId)),
      );
    return variants.filter(isOther).map(({ name }) => name);
  }

  ranksOf(deviceId: string): ClaimRanks {
    const ranks: Record<string, number> = {};
    for (const [name, claims] of this.#claims)
      for (const { rank, claimants } of claims.values()) if (claimants.has(deviceId)) ranks[name] = rank;
    return ranks;
  }

  /** By name. */
  established(): readonly Variant[] {
    return [...this.#claims.values()]
      .map((claims) => first(claims).variant)
      .sort((a, b) => byName(a.name, b.name));
  }

  #claimFor(variant: Variant, storedRank: number | undefined): Claim {
    const claims = this.#claims.get(variant.name) ?? new Map<string, Claim>();
    this.#claims.set(variant.name, claims);
    const key = keyOf(variant);
    const known = claims.get(key);
    if (known) {
      known.rank = Math.min(known.rank, storedRank ?? known.rank);
      return known;
    }
    // A count, not a time: a clock that is set back must not put a newcomer first.
    const next = Math.max(-1, ...[...claims.values()].map(({ rank }) => rank)) + 1;
    const claim = { variant, rank: storedRank ?? next, claimants: new Set<string>() };
    claims.set(key, claim);
    return claim;
  }

  #withdraw(deviceId: string, kept: ReadonlySet<Claim>): void {
    for (const [name, claims] of this.#claims) {
      for (const [key, claim] of claims)
        if (!kept.has(claim) && claim.claimants.delete(deviceId) && claim.claimants.size === 0)
          claims.delete(key);
      if (claims.size === 0) this.#claims.delete(name);
    }
  }

  #tellDeviant(deviceId: string, claimed: Variant): void {
    const { variant: established } = first(this.#claims.get(claimed.name)!);
    const text = JSON.stringify([deviceId, claimed.name, keyOf(claimed)]);
    if (factsOf(claimed) === factsOf(established) || this.#told.has(text) || this.#told.size >= maxTold)
      return;
    this.#told.add(text);
    this.#tell({ deviceId, claimed, established });
  }
}

const factsOf = ({ macs, precision, accuracy }: Variant): string =>
  JSON.stringify([macs, precision, accuracy]);

/** A claim with a checksum is another one than a claim without, though they say the same. */
const keyOf = (variant: Variant): string => `${factsOf(variant)} ${variant.checksum ?? ''}`;

/** Of two that were stored without a rank, the less accurate: a floor must not be met by a claim. */
const first = (claims: ReadonlyMap<string, Claim>): Claim =>
  [...claims.values()].reduce((a, b) => {
    const order =
      a.rank - b.rank ||
      a.variant.accuracy - b.variant.accuracy ||
      byName(keyOf(a.variant), keyOf(b.variant));
    return order <= 0 ? a : b;
  });
