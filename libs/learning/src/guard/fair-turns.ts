/** Devices that are remembered, and what each may have saved. */
const most = { devices: 1_024, saved: 1_000 };

/**
 * How much of what a device tells makes the evidence of others older: no more than others have told meanwhile. What it tells
 * beyond that makes its own older alone, so that no device can drown what others have told.
 */
export class FairTurns {
  #told = 0;
  readonly #devices = new Map<string, { told: number; saved: number }>();

  /** Of `count` that it tells now. */
  take(deviceId: string, count = 1): number {
    const before = this.#devices.get(deviceId) ?? { told: 0, saved: 0 };
    const saved = Math.min(most.saved, before.saved + this.#told - before.told);
    const taken = Math.min(count, saved);
    this.#told += count;
    this.#devices.delete(deviceId);
    this.#devices.set(deviceId, { told: this.#told, saved: saved - taken });
    if (this.#devices.size > most.devices) this.#devices.delete(this.#devices.keys().next().value!);
    return taken;
  }

  forget(deviceId: string): void {
    this.#devices.delete(deviceId);
  }
}
