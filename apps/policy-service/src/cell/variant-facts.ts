import type { Variant } from '@weir/domain';
import { byName } from './by-name.ts';
import type { KnownFamilies } from './known-families.ts';

/** When what a device claims was first claimed, by variant: 0 before 1 before 2 … Stored with the device. */
export type ClaimRanks = Readonly<Record<string, number>>;

/** A device says something else of a variant than what stands. */
export interface DeviantClaim {
  readonly deviceId: string;
  readonly claimed: Variant;
  /** Undefined: no known family has it. */
  readonly established: Variant | undefined;
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
 * may redefine them for others. With known families it is what those say, and variants of others are none. Without, it is
 * what most members claim; of what as many claim, what was claimed first. What nobody claims any more is forgotten.
 * Variants of two checksums are never one: whose models conflict with those of others does not belong to the cell
 * (families.ts).
 */
export class VariantFacts {
  readonly #tell: (claim: DeviantClaim) => void;
  /** By name, then by what is claimed. */
  readonly #claims = new Map<string, Map<string, Claim>>();
  readonly #told = new Set<string>();
  readonly #families: KnownFamilies | undefined;

  /** `tell` hears of each deviant claim once. */
  constructor(tell: (claim: DeviantClaim) => void, families?: KnownFamilies) {
    this.#tell = tell;
    this.#families = families;
  }

  /**
   * Replaces what the device claimed before; returns it, in the objects of whoever claimed the same first. `stored`: its ranks
   * before a restart, in which any order of devices is good.
   */
  claim(deviceId: string, variants: readonly Variant[], stored?: ClaimRanks): Variant[] {
    const claimed = new Set<Claim>();
    for (const variant of variants) {
      const claim = this.#claimFor(variant, stored && (stored[variant.name] ?? 0));
      claim.claimants.add(deviceId);
      claimed.add(claim);
    }
    this.#withdraw(deviceId, claimed);
    for (const { variant } of claimed) this.#tellDeviant(deviceId, variant);
    return [...claimed].map(({ variant }) => variant);
  }

  withdraw(deviceId: string): void {
    this.#withdraw(deviceId, new Set());
  }

  /** Names that mean other models to the device than to others of the cell, or than to the known families. */
  conflicting(deviceId: string, variants: readonly Variant[]): string[] {
    const isOther = ({ name, checksum }: Variant) => {
      if (checksum === undefined) return false;
      if (this.#families && !this.#families.variant({ name, checksum })) return true;
      return [...(this.#claims.get(name)?.values() ?? [])].some(
        ({ variant, claimants }) =>
          variant.checksum !== undefined &&
          variant.checksum !== checksum &&
          (claimants.size > 1 || !claimants.has(deviceId)),
      );
    };
    return variants.filter(isOther).map(({ name }) => name);
  }

  ranksOf(deviceId: string): ClaimRanks {
    const ranks: Record<string, number> = {};
    for (const [name, claims] of this.#claims)
      for (const { rank, claimants } of claims.values()) if (claimants.has(deviceId)) ranks[name] = rank;
    return ranks;
  }

  /** By name; no more than `most`: of more those that most devices claim, then those that were claimed first. */
  established(most = Infinity): readonly Variant[] {
    const all = [...this.#claims.values()];
    const kept =
      all.length <= most ? all : all.sort((a, b) => claimantsOf(b) - claimantsOf(a)).slice(0, most);
    return kept.flatMap((claims) => this.#standing(claims) ?? []).sort((a, b) => byName(a.name, b.name));
  }

  #standing(claims: ReadonlyMap<string, Claim>): Variant | undefined {
    const { variant } = prevailing(claims);
    return this.#families ? this.#families.variant(variant) : variant;
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
    const established = this.#standing(this.#claims.get(claimed.name)!);
    const text = JSON.stringify([deviceId, claimed.name, keyOf(claimed)]);
    if (
      (established && factsOf(claimed) === factsOf(established)) ||
      this.#told.has(text) ||
      this.#told.size >= maxTold
    )
      return;
    this.#told.add(text);
    this.#tell({ deviceId, claimed, established });
  }
}

const factsOf = ({ macs, precision, accuracy }: Variant): string =>
  JSON.stringify([macs, precision, accuracy]);

/** A claim with a checksum is another one than a claim without, though they say the same. */
const keyOf = (variant: Variant): string => `${factsOf(variant)} ${variant.checksum ?? ''}`;

const claimantsOf = (claims: ReadonlyMap<string, Claim>): number =>
  [...claims.values()].reduce((count, { claimants }) => count + claimants.size, 0);

/** What most claim, with or without a checksum, in the form that was claimed first. */
function prevailing(claims: ReadonlyMap<string, Claim>): Claim {
  const votes = new Map<string, { count: number; first: Claim }>();
  for (const claim of claims.values()) {
    const facts = factsOf(claim.variant);
    const before = votes.get(facts);
    const count = (before?.count ?? 0) + claim.claimants.size;
    votes.set(facts, { count, first: before ? earlier(before.first, claim) : claim });
  }
  return [...votes.values()].reduce((a, b) =>
    a.count === b.count ? (earlier(a.first, b.first) === a.first ? a : b) : a.count > b.count ? a : b,
  ).first;
}

/** Of two that were stored without a rank, the less accurate: a floor must not be met by a claim. */
function earlier(a: Claim, b: Claim): Claim {
  const order =
    a.rank - b.rank || a.variant.accuracy - b.variant.accuracy || byName(keyOf(a.variant), keyOf(b.variant));
  return order <= 0 ? a : b;
}
