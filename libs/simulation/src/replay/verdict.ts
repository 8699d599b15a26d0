import type { Placement } from '@weir/domain';

/** A place that a policy uses, and what the journal knows of it. */
export interface UnknownPlace {
  readonly deviceId: string;
  readonly placement: Placement;
  /** Of the policy's looks, 0..1. */
  readonly share: number;
  /** That the journal has of it. */
  readonly outcomes: number;
}

/** What a figure rests on. Shares are 0..1. */
export interface Evidence {
  /** Looks of the journal that count, (Σw)² / Σw². */
  readonly effectiveLooks: number;
  /** Of the new policy's looks: beyond what weights may be. */
  readonly clipped: number;
  /** Of the new policy's looks: at a crowd that was never met there. */
  readonly unmet: number;
  /** Every place that the new policy uses. */
  readonly unknown: readonly UnknownPlace[];
  /** What the corrected model says of the objective in force, less what happened, ms. */
  readonly checkMs: number;
  readonly loggedMs: number;
  /** Of the new policy's frames: no place for them. */
  readonly refused: number;
  /** Of the journal's looks: came to nothing. */
  readonly failures: number;
  /** Of the journal's frames: half of them is missing. */
  readonly incomplete: number;
  /** Of the journal's looks: computed together with others. */
  readonly together: number;
}

/** Outcomes that make a place known. */
export const LEAST_OUTCOMES = 30;
/** Share of the looks that may go to unknown places. */
const MOST_UNKNOWN = 0.02;
const MOST_UNMET = 0.1;
const MOST_CLIPPED = 0.05;
const LEAST_EFFECTIVE = 50;
/** Of the logged response time. */
const MOST_OFF = 0.15;
const MOST_REFUSED = 0.01;
const MOST_FAILURES = 0.05;
const MOST_INCOMPLETE = 0.05;

/** Why the journal cannot tell what a policy would have cost; empty when it can. */
export function reasonsNotToTell(evidence: Evidence): string[] {
  const { effectiveLooks, clipped, unmet, checkMs, loggedMs, refused, failures, incomplete } = evidence;
  const unknown = evidence.unknown
    .filter(({ outcomes }) => outcomes < LEAST_OUTCOMES)
    .toSorted((a, b) => b.share - a.share);
  const unknownShare = unknown.reduce((sum, { share }) => sum + share, 0);
  const reasons: string[] = [];
  const when = (holds: boolean, reason: () => string) => {
    if (holds) reasons.push(reason());
  };
  when(
    unknownShare > MOST_UNKNOWN,
    () =>
      `no overlap: ${percent(unknownShare)} of its looks go where the journal has fewer than ${LEAST_OUTCOMES} outcomes: ` +
      `${unknown.slice(0, 5).map(named).join(', ')}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ''}`,
  );
  when(
    unmet > MOST_UNMET,
    () => `${percent(unmet)} of its looks meet a queue that was never as long in the journal`,
  );
  when(
    clipped > MOST_CLIPPED,
    () => `${percent(clipped)} of its looks are done too rarely in the journal to stand for them`,
  );
  when(
    effectiveLooks < LEAST_EFFECTIVE,
    () => `the looks that count are worth ${effectiveLooks.toFixed(0)}; it takes ${LEAST_EFFECTIVE}`,
  );
  when(
    Math.abs(checkMs) > MOST_OFF * loggedMs,
    () =>
      `the model does not say what happened: ${(loggedMs + checkMs).toFixed(0)} ms for the objective in force, ` +
      `where it was ${loggedMs.toFixed(0)} ms. Was another one in force, or did the cell change?`,
  );
  when(refused > MOST_REFUSED, () => `${percent(refused)} of its frames would find no place`);
  when(failures > MOST_FAILURES, () => `${percent(failures)} of the journal's looks failed`);
  when(
    incomplete > MOST_INCOMPLETE,
    () => `of ${percent(incomplete)} of the journal's frames one look is missing`,
  );
  return reasons;
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

const named = ({ deviceId, placement: { nodeId, variant }, share, outcomes }: UnknownPlace) =>
  `${deviceId === nodeId ? deviceId : `${deviceId} → ${nodeId}`} / ${variant} (${percent(share)}, ${outcomes})`;
