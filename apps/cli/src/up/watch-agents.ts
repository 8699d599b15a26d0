import { type Clock, WeirError } from '@weir/base';
import { type RunningCell, connectAgent } from '@weir/cell';
import type { ServedDevice } from './others-view.ts';

/** Asks the agents of a cell for their status about once a second. Whoever opens it disposes of it. */
export function watchAgents(
  { devices }: Pick<RunningCell, 'devices'>,
  { clock, periodMs = 1_000 }: { clock: Clock; periodMs?: number },
): AsyncDisposable & {
  readonly devices: readonly ServedDevice[];
  /** Asks all of them now. */
  ask(): Promise<void>;
} {
  const watched = devices.map(({ id, address }) => {
    const device: { -readonly [Key in keyof ServedDevice]: ServedDevice[Key] } = { id, address };
    return { device, client: connectAgent(address) };
  });
  const ask = async () => {
    await Promise.all(
      watched.map(async ({ device, client }) => {
        try {
          device.status = await client.status();
        } catch (error) {
          // It is away: what it said last stands, and the cell's supervision says the rest.
          if (!(error instanceof WeirError)) throw error;
        }
      }),
    );
  };
  let asking = ask();
  const stop = clock.every(periodMs, () => {
    asking = ask();
  });
  return {
    devices: watched.map(({ device }) => device),
    ask,
    async [Symbol.asyncDispose]() {
      stop();
      await asking;
      for (const { client } of watched) await client[Symbol.asyncDispose]();
    },
  };
}
