import type { LookCurve, LookCurves, LookStep } from '@weir/domain';
import { createHash } from 'node:crypto';
import { z } from 'zod';

const fraction = z.number().min(0).max(1);

const stepSchema = z.object({
  marginBelow: z.number().positive(),
  share: fraction.gt(0),
  gain: fraction.gt(0),
  standardError: z.number().nonnegative(),
  changed: fraction.exactOptional(),
});

const curveSchema = z
  .object({
    first: z.string(),
    second: z.string(),
    steps: z.array(stepSchema).min(1).max(25),
    changed: fraction.exactOptional(),
  })
  .refine(
    ({ first, second }) => first !== second,
    'the second look must be by another variant than the first',
  )
  .refine(({ steps }) => rises(steps), 'steps must rise in marginBelow, share and gain')
  .refine(
    changesAdd,
    'changed must rise from step to step and lie within gain..share, at most that of all pictures',
  )
  .refine(({ steps }) => isConcave(steps), 'gain per share must not rise from step to step');

/** What a manifest says about second looks; absent: not measured. */
export const looksSchema = z.object({
  /** Labelled pictures that the curves were measured on. */
  pictures: z.int().positive(),
  curves: z
    .array(curveSchema)
    .refine(
      (curves) => new Set(curves.map(({ first, second }) => `${first}\n${second}`)).size === curves.length,
      'a pair has two curves',
    ),
});

export type Looks = z.infer<typeof looksSchema>;

/** The curves among `variants`, with the version that their content makes. */
export function lookCurvesOf({ pictures, curves }: Looks, variants: readonly string[]): LookCurves {
  const known: readonly LookCurve[] = curves.filter(
    ({ first, second }) => variants.includes(first) && variants.includes(second),
  );
  const content = JSON.stringify([pictures, known]);
  const version = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return { version, pictures, curves: known };
}

const rises = (steps: readonly LookStep[]) =>
  steps.every((step, index) => {
    const before = steps[index - 1];
    return (
      !before ||
      (step.marginBelow > before.marginBelow && step.share > before.share && step.gain > before.gain)
    );
  });

/** Gained answers have changed, and only frames that are looked at again change. */
function changesAdd({
  steps,
  changed = 1,
}: {
  readonly steps: readonly LookStep[];
  readonly changed?: number;
}) {
  let before = 0;
  return steps.every(({ changed: own, gain, share }) => {
    if (own === undefined) return true;
    const adds = own >= Math.max(before, gain) && own <= Math.min(share, changed);
    before = own;
    return adds;
  });
}

function isConcave(steps: readonly LookStep[]): boolean {
  const slopes = steps.map(({ share, gain }, index) => {
    const before = steps[index - 1] ?? { share: 0, gain: 0 };
    return (gain - before.gain) / (share - before.share);
  });
  return slopes.every((slope, index) => index === 0 || slope <= slopes[index - 1]! + 1e-9);
}
