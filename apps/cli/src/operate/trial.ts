import { proportion } from '@weir/base';
import type { policy } from '@weir/proto';

type Side = policy.TrialSide;
export type TrialDocument = ReturnType<typeof trialDocument>;

/** A canary against the variant that it stands in for. Times in ms, shares 0..1 with their 95 % interval. */
export const trialDocument = ({ canary, control }: policy.Trial) => ({
  canary: canary ? sideDocument(canary) : null,
  control: control ? sideDocument(control) : null,
});

const sideDocument = (side: Side) => ({
  variant: side.variant,
  frames: Number(side.frames),
  failures: Number(side.failures),
  responseP50Ms: timeOf(side, side.responseP50Ms),
  responseP95Ms: timeOf(side, side.responseP95Ms),
  computeP50Ms: timeOf(side, side.computeP50Ms),
  computeP95Ms: timeOf(side, side.computeP95Ms),
  agreement: shareOf(side.agreed, side.audited),
  accuracy: shareOf(side.right, side.labelled),
});

const timeOf = ({ frames }: Side, value: number): number | null => (frames === 0n ? null : value);

function shareOf(part: bigint, whole: bigint) {
  if (whole === 0n) return null;
  const { mean: value, low, high } = proportion(Number(part), Number(whole));
  return { value, low, high, of: Number(whole) };
}

/** The trial of a canary by its name; undefined before its first frame. */
export const trialNamed = (trials: readonly policy.Trial[], name: string): policy.Trial | undefined =>
  trials.find(({ canary, control }) => canary?.variant === name || control?.variant === name);
