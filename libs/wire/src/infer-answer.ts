import { Violations } from '@weir/base';
import type { worker } from '@weir/proto';
import type { Received } from './left-out.ts';
import { limits } from './limits.ts';

/** What a worker measured of one inference. */
export interface AnswerFigures {
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly workerMs: number;
  readonly energyJ: number;
  readonly concurrency: number;
  /** Inferences computed together, this one included, >= 1. */
  readonly batchSize: number;
  /** Probability of the winning class, and how far it is above the next one, 0..1. */
  readonly confidence: number;
  readonly margin: number;
}

/** A figure that is none counts as 0, a batch as 1: the answer itself is worth no less for it, if unsure. */
export function answerFiguresFromWire(wire: worker.InferResponse): Received<AnswerFigures> {
  const told = new Violations();
  const figure = (field: string, value: number, max: number) =>
    told.number(value, field, { max }) ? value : 0;
  const value = {
    queueMs: figure('queue_ms', wire.queueMs, limits.ms),
    decodeMs: figure('decode_ms', wire.decodeMs, limits.ms),
    computeMs: figure('compute_ms', wire.computeMs, limits.ms),
    workerMs: figure('worker_ms', wire.workerMs, limits.ms),
    energyJ: figure('energy_j', wire.energyJ, limits.energyJ),
    concurrency: figure('concurrency', wire.concurrency, limits.count),
    batchSize: Math.max(1, figure('batch_size', wire.batchSize, limits.batch)),
    confidence: figure('classification.confidence', wire.classification?.confidence ?? 0, 1),
    margin: figure('classification.margin', wire.classification?.margin ?? 0, 1),
  };
  return { value, leftOut: told.found };
}

/** From a ping's arrival at the peer to the sending of its echo, ms; 0 for a claim that is none. */
export const peerMsFromWire = ({ workerMs }: worker.Pong): number =>
  new Violations().number(workerMs, 'worker_ms', { max: limits.ms }) ? workerMs : 0;
