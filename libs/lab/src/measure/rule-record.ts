import { estimate, mean, proportion } from '@weir/base';
import { type Answer, Tally } from '@weir/cell';
import { tierName } from '@weir/wire';
import { ArrivalsCurve } from './arrivals-curve.ts';
import { SecondLooksTally } from './second-looks-tally.ts';
import type { ArrivalsPhase, ArrivalsRule } from './results.ts';
import { withoutNull } from './summarise.ts';

const floorSlack = 1e-9;

/** What an answer counts for, whose it is, and when its frame was sent, ms since the experiment began. */
export interface AnswerContext {
  readonly phase: ArrivalsPhase;
  readonly deviceId: string;
  readonly atMs: number;
  /** What the picture shows; undefined: tensors. */
  readonly label: string | undefined;
}

/** Adds up what one rule does with frames that arrive by themselves. */
export class RuleRecord {
  readonly label: string;
  readonly #floor: number;
  readonly #tally = new Tally();
  readonly #looks = new SecondLooksTally();
  readonly #measuredMs: number[][] = [];
  readonly #watched = {
    learning: { frames: 0, floorViolations: 0 },
    warmup: { frames: 0, floorViolations: 0 },
    measured: { frames: 0, floorViolations: 0 },
  };
  readonly #curve = new ArrivalsCurve();
  readonly #inBlocks = { answered: 0, remote: 0, agentMs: 0 };

  constructor(label: string, floor: number) {
    this.label = label;
    this.#floor = floor;
  }

  /** Of all frames of the blocks, those of the warm-up too. `agentMs`: their sum. */
  get inBlocks(): { readonly answered: number; readonly remote: number; readonly agentMs: number } {
    return this.#inBlocks;
  }

  /** A stretch of arrivals begins, with an empty balance of accuracy; what it returns is told each answer. */
  begin(): (answer: Answer, context: AnswerContext) => void {
    const measuredMs: number[] = [];
    this.#measuredMs.push(measuredMs);
    let surplus = 0;
    return (answer, { phase, deviceId, atMs, label }) => {
      const { expectedAccuracy, responseMs, hops, placement } = answer.response;
      const watched = this.#watched[phase];
      watched.frames++;
      this.#curve.add({ atMs, phase, deviceId, responseMs, accuracy: expectedAccuracy });
      surplus += expectedAccuracy - this.#floor;
      if (surplus < -floorSlack) watched.floorViolations++;
      if (phase === 'learning') return;
      this.#inBlocks.answered++;
      this.#inBlocks.agentMs += hops?.agentMs ?? 0;
      if (tierName(placement?.tier) !== 'device') this.#inBlocks.remote++;
      if (phase === 'warmup') return;
      this.#tally.answered(answer);
      this.#looks.add(answer.response, label);
      measuredMs.push(responseMs);
    };
  }

  failed(error: unknown): void {
    this.#tally.failed(error instanceof Error ? error.message : String(error));
  }

  /** Without a comparison. */
  result(): ArrivalsRule {
    const { succeeded, failed, responseMs, accuracy, placements, hopsMs, reasons } = this.#tally.totals();
    const { learning, warmup, measured } = this.#watched;
    return {
      rule: this.label === 'planner' ? 'default' : this.label,
      frames: succeeded,
      failed,
      responseMs,
      meanMs: estimate(this.#measuredMs.filter(({ length }) => length > 0).map(mean)),
      accuracy: {
        // Of tensors nobody knows what is right.
        top1: accuracy.top1 === null ? proportion(0, 0) : proportion(accuracy.top1 * succeeded, succeeded),
        n: succeeded,
        expected: accuracy.expected ?? NaN,
      },
      looks: this.#looks.result(),
      floorViolations: measured.floorViolations,
      warmup: { ...warmup },
      learning: learning.frames > 0 ? { ...learning } : null,
      overStaticPct: null,
      placements: placements as ArrivalsRule['placements'],
      hopsMs: withoutNull(hopsMs),
      reasons,
      curve: this.#curve.points(),
    };
  }
}
