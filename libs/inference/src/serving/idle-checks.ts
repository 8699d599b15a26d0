import { type Clock, type Logger, WeirError } from '@weir/base';
import type { InferenceInput } from './inference-input.ts';
import { medianRunMs } from './median-run.ts';
import type { Runner } from './runner.ts';

export interface IdleChecksOptions {
  readonly runner: Pick<Runner, 'run' | 'load'>;
  /** Variants to run, in turn. */
  readonly variants: () => readonly { readonly name: string; readonly input: InferenceInput }[];
  /** Idle time, ms, after which the processor is checked, and checked again while it stays idle; 0: never. */
  readonly periodMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Receives the decode and compute time of a variant, ms. */
  readonly onChecked: (variant: string, serviceMs: number) => void;
}

/** Wraps the runner so that idle times are known; use this one. */
export interface IdleChecks extends Disposable {
  readonly run: Runner['run'];
}

/**
 * Runs a variant now and then on an idle processor: without frames, nothing else reveals that it has become
 * slower, or fast again. A request that arrives meanwhile waits for at most one inference.
 */
export function startIdleChecks(options: IdleChecksOptions): IdleChecks {
  const { runner, variants, periodMs, clock, logger, onChecked } = options;
  let used = false;
  /** Background inferences in progress, and begun so far. */
  const background = { running: 0, begun: 0 };
  let turn = 0;

  const check = async () => {
    const present = variants();
    if (present.length === 0) return;
    const { name, input } = present[turn++ % present.length]!;
    const { begun } = background;
    try {
      const serviceMs = await medianRunMs(async () => {
        const { decodeMs, computeMs } = await runner.run({ variant: name, input });
        return decodeMs + computeMs;
      });
      // Not comparable when frames, or work in the background, ran beside it.
      if (!used && background.begun === begun) onChecked(name, serviceMs);
    } catch (err) {
      // Usually the node is draining or its queue is full; then frames measure it.
      logger[err instanceof WeirError ? 'debug' : 'error'](
        { err, variant: name },
        'the idle processor was not checked',
      );
    }
  };
  const stop =
    periodMs > 0
      ? clock.every(periodMs, () => {
          const { inService, queued } = runner.load();
          if (!used && inService + queued + background.running === 0) void check();
          used = false;
        })
      : () => {};

  return {
    run(request) {
      if (!request.background) {
        used = true;
        return runner.run(request);
      }
      background.begun++;
      background.running++;
      return runner.run(request).finally(() => background.running--);
    },
    [Symbol.dispose]: stop,
  };
}
