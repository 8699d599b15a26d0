import { type Clock, type Logger, WeirError } from '@weir/base';
import type { InferenceInput } from './image.ts';
import { medianRunMs } from './median-run.ts';
import type { Runner } from './runner.ts';

export interface IdleChecksOptions {
  readonly runner: Pick<Runner, 'run' | 'load'>;
  /** Variants that are run, one after the other. */
  readonly variants: readonly { readonly name: string; readonly input: InferenceInput }[];
  /** Without a request for so long, the processor is checked, and again as long as none comes, ms; 0: never. */
  readonly periodMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of the decode and compute time of a variant, ms. */
  readonly onChecked: (variant: string, serviceMs: number) => void;
}

/** The runner to use, so that it is known when nobody does. */
export interface IdleChecks extends Disposable {
  readonly run: Runner['run'];
}

/**
 * Runs a variant now and then on a processor that nobody uses: where no frame goes, nothing else tells that it has become
 * slower, or fast again. A request that comes meanwhile waits for one inference at most.
 */
export function startIdleChecks(options: IdleChecksOptions): IdleChecks {
  const { runner, variants, periodMs, clock, logger, onChecked } = options;
  let used = false;
  let turn = 0;

  const check = async () => {
    const { name, input } = variants[turn++ % variants.length]!;
    try {
      const serviceMs = await medianRunMs(async () => {
        const { decodeMs, computeMs } = await runner.run({ variant: name, input });
        return decodeMs + computeMs;
      });
      // Beside users' frames it takes longer than alone.
      if (!used) onChecked(name, serviceMs);
    } catch (err) {
      // Mostly the node drains, or its queue has filled up: then frames will tell.
      logger[err instanceof WeirError ? 'debug' : 'error'](
        { err, variant: name },
        'the idle processor was not checked',
      );
    }
  };
  const stop =
    periodMs > 0 && variants.length > 0
      ? clock.every(periodMs, () => {
          const { inService, queued } = runner.load();
          if (!used && inService + queued === 0) void check();
          used = false;
        })
      : () => {};

  return {
    run(request) {
      used = true;
      return runner.run(request);
    },
    [Symbol.dispose]: stop,
  };
}
