import type { agent, common } from '@weir/proto';
import { tierName } from '@weir/wire';
import { percent } from './words.ts';

/** As `--json` prints it. */
export interface LookDescription {
  readonly placement: { readonly tier: string; readonly node: string; readonly variant: string };
  /** Absent, as are the next two, of a look that failed. */
  readonly label?: string;
  readonly confidence?: number;
  readonly margin?: number;
  /** gRPC status name. */
  readonly failure?: string;
  readonly hopsMs: Readonly<Record<string, number>>;
}

export const describePlacement = (placement: common.Placement | undefined): LookDescription['placement'] => ({
  tier: tierName(placement?.tier),
  node: placement?.nodeId ?? '',
  variant: placement?.variant ?? '',
});

export function describeLook({ placement, classification, hops, failure }: agent.Look): LookDescription {
  const look = { placement: describePlacement(placement), hopsMs: { ...hops } };
  if (!classification) return { ...look, failure };
  const { label, confidence, margin } = classification;
  return { ...look, label, confidence, margin };
}

/** Why there was a second look and what came of it. `margin`: of the first look. */
export function againText(
  { placement: { node, tier, variant }, failure, label }: LookDescription,
  { margin, lookAgainBelow }: { margin: number | undefined; lookAgainBelow: number },
): string {
  const why = `unsure (its best guess leads by ${percent(margin)}, less than ${percent(lookAgainBelow)})`;
  if (node === '') return `${why}: no time or place to look again with ${variant}`;
  const ended = label === undefined ? `failed: ${failure ?? ''}` : `says ${label}`;
  return `${why}: looked again on ${node} (${tier}) with ${variant}, which ${ended}`;
}
