import type { FamilyIdentity, Variant } from '@weir/domain';
import type { IdentifiedFamily } from '@weir/inference';
import type { Listing } from '@weir/wire';

/** How a worker's models go together with what a device knows. */
export interface FamilyFit {
  /** What the worker serves; absent when it does not say. */
  readonly family?: FamilyIdentity;
  /** Its variants that are not what this device knows by their names, or by no name at all. */
  readonly foreign: ReadonlySet<string>;
  /** Whether none of its variants is left. */
  readonly nothingFits: boolean;
  /** What is wrong, where comparing families does not tell it. */
  readonly fault?: string;
}

/**
 * Compares what a worker lists with the device's own family and with what other workers have listed before (`known`).
 * What has the same checksum answers alike; where one is unknown, labels that differ are reason enough. A variant that the device's
 * family lacks fits when it is of a family of this name, over these labels.
 */
export function fitOf(
  own: IdentifiedFamily,
  known: ReadonlyMap<string, Variant>,
  { variants, family, labels }: Listing,
): FamilyFit {
  const sameLabels = labels.length === 0 || labels.join('\n') === own.labels.join('\n');
  const sameFamily = family === undefined || family.name === own.name;
  const fits = ({ name, checksum }: Variant): boolean => {
    const expected = own.checksums.get(name);
    if (expected !== undefined) return checksum === undefined ? sameLabels : checksum === expected;
    const before = known.get(name)?.checksum;
    return sameLabels && sameFamily && (!checksum || !before || checksum === before);
  };
  const foreign = new Set(variants.filter((variant) => !fits(variant)).map(({ name }) => name));
  return {
    ...(family && { family }),
    foreign,
    nothingFits: variants.length > 0 && foreign.size === variants.length,
  };
}

/** What is wrong with a worker's models, with both sides' names, and the cure; empty when nothing is. */
export function familyFault(target: string, own: FamilyIdentity, fit: FamilyFit): string {
  const { family, foreign, nothingFits, fault } = fit;
  if (fault !== undefined) return fault;
  if (foreign.size === 0) return '';
  const theirs = family ? named(family) : 'a model family that it does not name';
  const cure = 'start both with one model family (--models)';
  if (nothingFits)
    return `target ${target} gets no frames: its worker serves ${theirs}, and this device knows ${named(own)}; ${cure}`;
  return `target ${target} gets no frames for ${listed(foreign)}: these are other models in its worker's ${theirs} than in ${named(own)} of this device; ${cure}`;
}

/** No more than a line can bear. */
const mostListed = 8;
const listed = (names: ReadonlySet<string>): string =>
  [...names].slice(0, mostListed).join(', ') + (names.size > mostListed ? ', …' : '');
const named = ({ name, version }: FamilyIdentity): string => `${name} (version ${version})`;
