import type { NodeLoad } from '@weir/domain';
import { LoadMeter } from '@weir/inference';

/** The load of a server that tells none, from what this device has in flight there and from how long what came back had waited. */
export class InferredLoad {
  readonly #slots: number;
  readonly #meter: LoadMeter;
  /** Expected time of each that is in flight, ms. */
  readonly #expectedMs = new Map<string, number>();
  #waited = { ms: 0, at: -Infinity };

  constructor({ slots, now }: { slots: number; now: number }) {
    this.#slots = slots;
    this.#meter = new LoadMeter({ slots, now });
  }

  began(id: string, { expectedMs, now }: { expectedMs: number; now: number }): void {
    this.#expectedMs.set(id, expectedMs);
    this.#meter.arrived(now);
    this.#changed(now);
  }

  /** `waitedMs`: before it was computed; undefined where nothing came back. */
  ended(id: string, { waitedMs, now }: { waitedMs?: number | undefined; now: number }): void {
    this.#expectedMs.delete(id);
    if (waitedMs !== undefined) this.#waited = { ms: waitedMs, at: now };
    this.#changed(now);
  }

  read(now: number): Omit<NodeLoad, 'nodeId'> {
    const size = this.#expectedMs.size;
    return {
      slots: this.#slots,
      inService: Math.min(this.#slots, size),
      queued: Math.max(0, size - this.#slots),
      backlogMs: this.#backlogMs(now),
      ...this.#meter.read(now),
    };
  }

  /** What others have sent there shows in the wait of the last answer alone, and is worked off as time passes. */
  #backlogMs(now: number): number {
    const { size } = this.#expectedMs;
    const totalMs = [...this.#expectedMs.values()].reduce((sum, ms) => sum + ms, 0);
    const before = Math.max(0, size - this.#slots + 1);
    const ownMs = size === 0 ? 0 : (before * (totalMs / size)) / this.#slots;
    return Math.max(ownMs, this.#waited.ms - (now - this.#waited.at), 0);
  }

  #changed(now: number): void {
    const inService = Math.min(this.#slots, this.#expectedMs.size);
    this.#meter.changed({ now, inService, freeAt: now + this.#backlogMs(now) });
  }
}
