import type { ArrivalsPoint } from './results.ts';

/** A point stands for the frames of so much time: curves stay short however many frames arrive. */
const windowMs = 5_000;

/** What each device saw over time. */
export class ArrivalsCurve {
  readonly #windows = new Map<string, ArrivalsPoint>();

  /** `atMs`: when the frame was sent, ms since the experiment began. */
  add({ atMs, phase, deviceId, responseMs, accuracy }: Omit<ArrivalsPoint, 'frames'>): void {
    const from = Math.floor(atMs / windowMs) * windowMs;
    const key = `${from} ${phase} ${deviceId}`;
    const { frames, ...mean } = this.#windows.get(key) ?? { frames: 0, responseMs: 0, accuracy: 0 };
    const renew = (old: number, value: number) => old + (value - old) / (frames + 1);
    this.#windows.set(key, {
      atMs: from,
      phase,
      deviceId,
      frames: frames + 1,
      responseMs: renew(mean.responseMs, responseMs),
      accuracy: renew(mean.accuracy, accuracy),
    });
  }

  /** By time, then by device. */
  points(): ArrivalsPoint[] {
    return [...this.#windows.values()].sort(
      (a, b) => a.atMs - b.atMs || a.deviceId.localeCompare(b.deviceId) || a.phase.localeCompare(b.phase),
    );
  }
}
