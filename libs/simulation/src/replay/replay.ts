import {
  type Estimate,
  FailedPrecondition,
  type Random,
  estimateOfResamples,
  mean,
  percentile,
  seededRandom,
} from '@weir/base';
import type { Objective, Outcome } from '@weir/domain';
import { setImmediate } from 'node:timers/promises';
import { type AsyncPlanner, type GivenArrivals, runAsync } from '../arrivals/run.ts';
import { correctionOf, placeOf } from './correction.ts';
import { type DirectModel, fitDirectModel } from './direct-model.ts';
import { arrivalsOf, blocksOf, countsFromMs, inVirtualTime } from './journal-time.ts';
import { type LoggedFrame, type LoggedLook, loggedFrames } from './logged-frames.ts';
import type { ReplayCell } from './replay-cell.ts';
import { type Evidence, type UnknownPlace, reasonsNotToTell } from './verdict.ts';

/** An objective and who plans for it. */
export interface ReplayPolicy {
  readonly objective: Objective;
  createLearner(random: Random): AsyncPlanner;
}

export interface ReplayOptions {
  /** The journal, in any order. */
  readonly outcomes: readonly Outcome[];
  readonly cell: ReplayCell;
  /** What was in force while the journal was written. */
  readonly inForce: ReplayPolicy;
  /** What is asked about. */
  readonly asked: ReplayPolicy;
  readonly seed: number;
  /** Newest frames that are replayed. @default 4000 */
  readonly newest?: number;
  /** Resamples of the journal; each runs the model twice. @default 12 */
  readonly resamples?: number;
  readonly signal?: AbortSignal;
  /** Share of the work that is done. */
  readonly onProgress?: (share: number) => void;
}

/** How frames fared. Times in ms. */
export interface FrameFigures {
  readonly responseMs: number;
  readonly p95Ms: number;
  /** Promised, 0..1. */
  readonly accuracy: number;
  /** Per frame. */
  readonly energyJ: number;
  /** Shares of the frames by the tier of their first look. */
  readonly tiers: Readonly<Record<string, number>>;
  /** Share of the frames that were looked at twice. */
  readonly secondLooks: number;
}

export interface ReplayResult {
  /** Frames that count: those after the first ten seconds. */
  readonly frames: number;
  /** Of them, ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly logged: FrameFigures;
  /** What the model says of the objective in force, corrected; `logged` is what it should say. */
  readonly check: Estimate;
  readonly asked: {
    /** Doubly robust, 95 %; absent where the journal cannot tell. */
    readonly responseMs?: Estimate;
    /** Of the model alone; absent likewise. */
    readonly p95Ms?: number;
    /** As accuracies and curves promise. */
    readonly accuracy: Estimate;
    /** Per frame; absent where the journal cannot tell. */
    readonly energyJ?: Estimate;
    readonly tiers: Readonly<Record<string, number>>;
    readonly secondLooks: number;
  };
  readonly evidence: Evidence;
  /** Why there is no figure; empty where there is one. */
  readonly reasons: readonly string[];
}

const LEAST_BLOCKS = 6;
const LEAST_FRAMES = 200;

/**
 * What another objective or learner would have cost on a journal's own frames: the cell in virtual time, with times fitted
 * to the journal, plus the weighted residuals of what the journal's looks truly took. The interval is that of a block
 * bootstrap over the journal: each resample fits its own model, runs it, and corrects it. Throws FailedPrecondition for a
 * journal that is too short and a floor out of reach; the signal's reason when it is aborted.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { cell, inForce, asked, seed, resamples = 12, signal, onProgress } = options;
  const { frames, failures, incomplete } = loggedFrames(options.outcomes);
  const known = ofCell(frames, cell).slice(-(options.newest ?? 4_000));
  const journal = inVirtualTime(known);
  const countsFrom = countsFromMs(journal);
  const counted = journal.filter(({ cameAt }) => cameAt >= countsFrom);
  const blocks = blocksOf(counted);
  if (counted.length < LEAST_FRAMES || blocks.length < LEAST_BLOCKS)
    throw new FailedPrecondition(
      `too few outcomes: ${counted.length} whole frames after the journal's first seconds; it takes ${LEAST_FRAMES}, ` +
        'and more where a policy has many places to choose from: let the cell run on',
      { reason: 'JOURNAL_TOO_SHORT' },
    );
  const arrivals = arrivalsOf(journal, cell);
  const random = seededRandom(seed).fork('replay');
  const responses: number[] = [];
  const checks: number[] = [];
  const accuracies: number[] = [];
  const energies: number[] = [];
  const modelled: LoggedFrame[] = [];
  const predicted: LoggedFrame[] = [];
  let refused = 0;

  for (let resample = 0; resample < resamples; resample++) {
    const chance = random.fork(`resample ${resample}`);
    const drawn = blocks.flatMap(() => blocks[chance.integer(blocks.length)]!);
    const model = fitDirectModel(looksOf(drawn), cell);
    const run = async (policy: ReplayPolicy, label: string) => {
      signal?.throwIfAborted();
      const result = simulate(model, policy, { arrivals, countsFrom }, chance.fork(label));
      await setImmediate();
      return result;
    };
    const old = await run(inForce, 'in force');
    onProgress?.((2 * resample + 1) / (2 * resamples));
    const wanted = await run(asked, 'asked');
    onProgress?.((2 * resample + 2) / (2 * resamples));
    const correct = (to: readonly LoggedFrame[]) =>
      correctionOf({ journal: drawn, modelled: old.frames, asked: to }).ms;
    checks.push(meanMs(old.frames) + correct(old.frames));
    responses.push(meanMs(wanted.frames) + correct(wanted.frames));
    accuracies.push(mean(wanted.frames.map(({ accuracy }) => accuracy)));
    energies.push(energyOf(wanted.frames));
    modelled.push(...old.frames);
    predicted.push(...wanted.frames);
    refused += wanted.refused;
  }

  const logged = figuresOf(counted);
  const bias = mean(checks) - logged.responseMs;
  const { ms: _, ...overlap } = correctionOf({ journal: counted, modelled, asked: predicted });
  const evidence: Evidence = {
    ...overlap,
    unknown: unknownPlaces(counted, predicted),
    checkMs: bias,
    loggedMs: logged.responseMs,
    refused: refused / Math.max(1, refused + predicted.length),
    failures: failures / Math.max(1, frames.length + failures),
    incomplete: incomplete / Math.max(1, frames.length + incomplete),
    together: mean(looksOf(counted).map(({ together }) => Number(together))),
  };
  const reasons = reasonsNotToTell(evidence);
  const of = figuresOf(predicted);
  return {
    frames: counted.length,
    from: known.at(-counted.length)!.cameAt,
    to: known.at(-1)!.cameAt,
    logged,
    check: estimateOfResamples(checks),
    asked: {
      ...(reasons.length === 0 && {
        responseMs: estimateOfResamples(responses, bias),
        p95Ms: of.p95Ms,
        energyJ: estimateOfResamples(energies),
      }),
      accuracy: estimateOfResamples(accuracies),
      tiers: of.tiers,
      secondLooks: of.secondLooks,
    },
    evidence,
    reasons,
  };
}

/** The cell with the model's times, under an objective, on those arrivals. */
function simulate(
  model: DirectModel,
  { objective, createLearner }: ReplayPolicy,
  { arrivals, countsFrom }: { arrivals: GivenArrivals; countsFrom: number },
  random: Random,
): { frames: readonly LoggedFrame[]; refused: number } {
  const outcomes: Outcome[] = [];
  const ends = [...arrivals.values()].map((frames) => frames.at(-1)?.atMs ?? 0);
  const { refused } = runAsync({
    world: model.world(objective),
    planner: createLearner(random.fork('learner')),
    arrivals,
    durationMs: Math.max(...ends) + 1,
    seed: random.integer(2 ** 31),
    noise: model.noise,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const { frames } = loggedFrames(outcomes);
  return { frames: frames.filter(({ cameAt }) => cameAt >= countsFrom - 1e-6), refused };
}

/** Frames at places that the cell, as it is now, still has. */
function ofCell(frames: readonly LoggedFrame[], { devices, nodes }: ReplayCell): LoggedFrame[] {
  const served = new Map(
    [...devices.map(({ local }) => local), ...nodes.map(({ node }) => node)].map(({ id, variants }) => [
      id,
      new Set(variants),
    ]),
  );
  const ids = new Set(devices.map(({ local }) => local.id));
  return frames.filter(
    ({ deviceId, looks }) =>
      ids.has(deviceId) &&
      looks.every(({ placement: { nodeId, variant } }) => served.get(nodeId)?.has(variant) ?? false),
  );
}

/** Where the new policy sends looks, with how many the journal has of each. */
function unknownPlaces(journal: readonly LoggedFrame[], predicted: readonly LoggedFrame[]): UnknownPlace[] {
  const own = Map.groupBy(looksOf(journal), placeOf);
  const links = Map.groupBy(
    looksOf(journal),
    ({ deviceId, placement }) => `${deviceId}\n${placement.nodeId}`,
  );
  const works = Map.groupBy(
    looksOf(journal),
    ({ placement: { nodeId, variant } }) => `${nodeId}\n${variant}`,
  );
  const wanted = looksOf(predicted);
  return [...Map.groupBy(wanted, placeOf)].map(([key, looks]) => {
    const { deviceId, placement } = looks[0]!;
    const { nodeId, variant, tier } = placement;
    const count = (groups: ReadonlyMap<string, readonly unknown[]>, of: string) =>
      groups.get(of)?.length ?? 0;
    // A node works the same for every device, and a link carries every variant the same.
    const outcomes =
      tier === 'device'
        ? count(own, key)
        : Math.min(count(links, `${deviceId}\n${nodeId}`), count(works, `${nodeId}\n${variant}`));
    return { deviceId, placement, share: looks.length / wanted.length, outcomes };
  });
}

const looksOf = (frames: readonly LoggedFrame[]): LoggedLook[] => frames.flatMap(({ looks }) => looks);
const meanMs = (frames: readonly LoggedFrame[]): number => mean(frames.map(({ responseMs }) => responseMs));
const energyOf = (frames: readonly LoggedFrame[]): number =>
  looksOf(frames).reduce((sum, { energyJ }) => sum + energyJ, 0) / frames.length;

function figuresOf(frames: readonly LoggedFrame[]): FrameFigures {
  const tiers: Record<string, number> = {};
  for (const { looks } of frames) {
    const { tier } = looks[0]!.placement;
    tiers[tier] = (tiers[tier] ?? 0) + 1 / frames.length;
  }
  return {
    responseMs: meanMs(frames),
    p95Ms: percentile(
      frames.map(({ responseMs }) => responseMs),
      0.95,
    ),
    accuracy: mean(frames.map(({ accuracy }) => accuracy)),
    energyJ: energyOf(frames),
    tiers,
    secondLooks: frames.filter(({ looks }) => looks.length > 1).length / frames.length,
  };
}
