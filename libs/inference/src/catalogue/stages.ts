import type { FieldViolation } from '@weir/base';
import type { Canary } from '@weir/domain';
import { z } from 'zod';

/** Where a variant is on its way into a family and out of it; none: in service. */
export const stageSchema = z.discriminatedUnion('kind', [
  /** Answers `share` of the frames that would have gone to `of`. */
  z.object({ kind: z.literal('canary'), of: z.string(), share: z.number().gt(0).lt(1) }),
  z.object({ kind: z.literal('retired') }),
]);

export type Stage = Readonly<z.infer<typeof stageSchema>>;

interface Staged {
  readonly name: string;
  readonly stage?: Stage | undefined;
  /** The variant that it stood in for as a canary, before it was promoted. */
  readonly replaces?: string | undefined;
}

/** Whether nodes run it. */
export const isServed = ({ stage }: Pick<Staged, 'stage'>): boolean => stage?.kind !== 'retired';

/** Those that may be chosen for any frame. */
export const inService = <Variant extends Pick<Staged, 'stage'>>(variants: readonly Variant[]): Variant[] =>
  variants.filter(({ stage }) => stage === undefined);

export const canariesOf = (variants: readonly Staged[]): readonly Canary[] =>
  variants.flatMap(({ name, stage }) =>
    stage?.kind === 'canary' ? [{ variant: name, of: stage.of, share: stage.share }] : [],
  );

/**
 * What is meant by the names that a process was started with: those variants, what has stood in for them or taken their place
 * as a canary, and so on. Names that are unknown mean nothing, and of retired ones only what came after. None: all that are
 * served.
 */
export function meantBy<Variant extends Staged>(
  names: readonly string[],
  {
    variants,
    retired = [],
  }: { readonly variants: readonly Variant[]; readonly retired?: readonly Staged[] | undefined },
): readonly Variant[] {
  if (names.length === 0) return variants;
  const all: readonly Staged[] = [...variants, ...retired];
  // Grows while it is gone through.
  const meant = new Set(names);
  for (const name of meant)
    for (const { name: later, stage, replaces } of all)
      if (replaces === name || (stage?.kind === 'canary' && stage.of === name)) meant.add(later);
  return [...meant].flatMap((name) => variants.find((variant) => variant.name === name) ?? []);
}

/** Why a family's stages do not go together. */
export function stageFaults({
  variants,
  pinned,
}: {
  readonly variants: readonly Staged[];
  readonly pinned?: string | undefined;
}): readonly FieldViolation[] {
  const faults: FieldViolation[] = [];
  const served = inService(variants).map(({ name }) => name);
  const listed = served.join(', ');
  if (served.length === 0)
    faults.push({ field: 'variants', description: 'none is in service: at least one must be' });
  const standIns = new Map<string, string>();
  for (const { variant, of } of canariesOf(variants)) {
    const field = `${variant}.stage.of`;
    if (!served.includes(of))
      faults.push({
        field,
        description: `${variant} cannot stand in for ${of}: expected a variant in service, one of ${listed}`,
      });
    const other = standIns.get(of);
    if (other !== undefined)
      faults.push({
        field,
        description: `${other} stands in for ${of} already: promote or retire it first`,
      });
    standIns.set(of, variant);
  }
  if (pinned !== undefined && !served.includes(pinned))
    faults.push({
      field: 'pinned',
      description: `${pinned} is not in service: expected one of ${listed}, or none`,
    });
  return faults;
}
