import { type Clock, sleep } from '@weir/base';
import type { Outcome, Placement } from '@weir/domain';

/** One synchronous epoch under way: outcomes of its plan come in until every device has answered once. */
export class Epoch {
  readonly #version: number;
  readonly #placements: ReadonlyMap<string, Placement>;
  readonly #awaited: Set<string>;
  readonly #outcomes: Outcome[] = [];
  readonly #complete = Promise.withResolvers<void>();

  /** `deviceIds`: who was told of the plan. */
  constructor(version: number, placements: ReadonlyMap<string, Placement>, deviceIds: readonly string[]) {
    this.#version = version;
    this.#placements = placements;
    this.#awaited = new Set(deviceIds.filter((deviceId) => placements.has(deviceId)));
    if (this.#awaited.size === 0) this.#complete.resolve();
  }

  /** Leaves out what belongs to another plan, and further answers of a device: its last look is its answer. */
  add(outcome: Outcome): void {
    if (outcome.planVersion !== this.#version) return;
    const { deviceId, placement, failure, lookedAgain, firstLook } = outcome;
    // Where no second look succeeds, the answer of the first stands. Any other failed try is learned from too; the device
    // goes on elsewhere, and answers there.
    const answers = !lookedAgain && (!failure || firstLook !== undefined);
    const awaited = answers ? this.#awaited.delete(deviceId) : this.#awaited.has(deviceId);
    if (!failure && !awaited) return;
    const { nodeId } = firstLook?.placement ?? placement;
    const elsewhere = nodeId !== this.#placements.get(deviceId)?.nodeId;
    if (failure || !elsewhere) this.#outcomes.push(outcome);
    if (this.#awaited.size === 0) this.#complete.resolve();
  }

  /** What has come so far. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** What has come once all have answered or the time is over. Rejects when the signal aborts. */
  async settled({
    withinMs,
    clock,
    signal,
  }: {
    withinMs: number;
    clock: Clock;
    signal: AbortSignal;
  }): Promise<{ outcomes: readonly Outcome[]; missing: readonly string[] }> {
    const over = new AbortController();
    const waited = sleep(withinMs, { clock, signal: AbortSignal.any([signal, over.signal]) });
    await Promise.race([this.#complete.promise, waited.catch(() => {})]);
    over.abort();
    signal.throwIfAborted();
    return { outcomes: this.#outcomes, missing: [...this.#awaited] };
  }
}
