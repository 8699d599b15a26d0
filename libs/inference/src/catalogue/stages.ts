import type { FieldViolation } from '@weir/base';
import { z } from 'zod';

/** Where a variant is on its way into a family and out of it; none: in service. */
export const stageSchema = z.discriminatedUnion('kind', [
  /** Answers `share` of the frames that would have gone to `of`. */
  z.object({ kind: z.literal('canary'), of: z.string(), share: z.number().gt(0).lt(1) }),
  z.object({ kind: z.literal('retired') }),
]);

export type Stage = Readonly<z.infer<typeof stageSchema>>;

/** A variant that stands in for another. */
export interface Canary {
  readonly variant: string;
  /** The variant that it stands in for. */
  readonly of: string;
  /** Of the frames of that variant, 0..1. */
  readonly share: number;
}

interface Staged {
  readonly name: string;
  readonly stage?: Stage | undefined;
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
