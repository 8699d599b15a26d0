import { type Clock, type Logger, type Random, silentLogger } from '@weir/base';
import type { telemetry } from '@weir/proto';
import { isRefusal, keepOpen, PeerFaultTeller, type PeerFaults } from '@weir/rpc';
import { discoveredTargetsFromWire, type TargetAddress, tellOnce } from '@weir/wire';

export interface WatchTargetsOptions {
  /** Opens a stream to Telemetry; the signal cancels it. */
  readonly open: (signal: AbortSignal) => AsyncIterable<telemetry.WatchTargetsResponse>;
  /** The usable entries of each list. */
  readonly take: (targets: readonly TargetAddress[]) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly faults: PeerFaults;
}

/** Follows the list of a cell's workers until disposed, over a stream that reopens with back-off. */
export function watchTargets({
  open,
  take,
  clock,
  random,
  logger,
  faults,
}: WatchTargetsOptions): AsyncDisposable {
  const stop = new AbortController();
  const tellLeftOut = tellOnce((leftOut) => logger.warn({ leftOut }, 'unusable targets are left out'));
  const teller = new PeerFaultTeller({ logger, peer: 'targets', onFault: faults.of('targets') });
  const follow = async (signal: AbortSignal) => {
    try {
      for await (const message of open(signal)) {
        const { value, leftOut } = discoveredTargetsFromWire(message);
        tellLeftOut(leftOut);
        teller.reached();
        take(value);
      }
    } catch (error) {
      // What keeps reports from Telemetry too is told of these.
      if (isRefusal(error)) teller.failed(error);
      throw error;
    }
  };
  const quiet = {
    ...silentLogger,
    debug: (fields: object, message: string) => logger.debug(fields, message),
  };
  const kept = keepOpen({ open: follow, signal: stop.signal, clock, random, logger: quiet });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
    },
  };
}
