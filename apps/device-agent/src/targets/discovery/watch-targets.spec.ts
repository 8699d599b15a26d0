import { FakeClock, PermissionDenied, seededRandom, silentLogger, Unavailable } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { PeerFaults } from '@weir/rpc';
import { describe, expect, it, vi } from 'vitest';
import { watchTargets } from './watch-targets.ts';

const list: telemetry.WatchTargetsResponse = { targets: [] };

/** Follows a list of which each try ends as `tries` say, in turn; the last goes on. */
function follow(...tries: readonly (Error | 'list')[]) {
  const clock = new FakeClock();
  const faults = new PeerFaults({ clock });
  const logger = { ...silentLogger, warn: vi.fn(), info: vi.fn() };
  const take = vi.fn();
  let at = 0;
  const watch = watchTargets({
    async *open(signal) {
      const next = tries[Math.min(at++, tries.length - 1)]!;
      if (next !== 'list') throw next;
      yield list;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    take,
    clock,
    random: seededRandom(1),
    logger,
    faults,
  });
  return { clock, faults, logger, take, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}

describe('the list of targets', () => {
  it('is said once to be refused, however often it is asked for, and once to be there', async () => {
    const refusal = new PermissionDenied('not for you');
    await using watch = follow(refusal, refusal, refusal, 'list');
    await watch.clock.advanceAsync(130_000);
    expect(watch.logger.warn).toHaveBeenCalledTimes(1);
    expect(watch.faults.all).toMatchObject([{ peer: 'targets', cause: 'no_right', text: 'not for you' }]);
    await watch.clock.advanceAsync(130_000);
    expect(watch.take).toHaveBeenCalledWith([]);
    expect(watch.faults.all).toEqual([]);
    expect(watch.logger.info).toHaveBeenCalledTimes(1);
    expect(watch.logger.warn).toHaveBeenCalledTimes(1);
  });

  it('leaves it to the reports to say that Telemetry is away', async () => {
    await using watch = follow(new Unavailable('no connection', { cause: new Error('ECONNREFUSED') }));
    await watch.clock.advanceAsync(60_000);
    expect(watch.logger.warn).not.toHaveBeenCalled();
    expect(watch.faults.all).toEqual([]);
  });
});
