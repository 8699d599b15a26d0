import { type Clock, type Logger } from '@weir/base';
import type { Runner } from './runner.ts';

/** Others may ask for a variant so long, ms, until they have heard that it is served no more. */
const lingerMs = 10_000;

/** A runner whose variants can be exchanged while it works. */
export interface RenewableRunner extends Runner {
  /**
   * From now on `next` serves. The runner before it finishes what it has accepted, goes on for a moment with variants that
   * `next` lacks, and then ends. Owns both.
   */
  readonly replace: (next: Runner) => void;
}

export function renewableRunner(
  first: Runner,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): RenewableRunner {
  let current = first;
  let slowness = 1;
  /** The newest first; each with what cuts its time short. */
  const former = new Map<Runner, () => void>();
  const ending = new Set<Promise<void>>();

  const end = (runner: Runner) => {
    former.get(runner)?.();
    former.delete(runner);
    const ended = (async () => {
      await runner.drain();
      await runner[Symbol.asyncDispose]();
    })()
      .catch((err: unknown) => logger.error({ err }, 'the former models were not given up in order'))
      .finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const serves = (runner: Runner, name: string) => runner.variants.some((variant) => variant.name === name);

  return {
    get variants() {
      return current.variants;
    },
    get batchCurves() {
      return current.batchCurves;
    },
    get labels() {
      return current.labels;
    },
    run(request) {
      if (former.size === 0 || serves(current, request.variant)) return current.run(request);
      const last = [...former.keys()].toReversed().find((runner) => serves(runner, request.variant));
      return (last ?? current).run(request);
    },
    load: () => current.load(),
    slowDown(times) {
      current.slowDown(times);
      slowness = times;
    },
    replace(next) {
      if (slowness !== 1) next.slowDown(slowness);
      const before = current;
      current = next;
      former.set(
        before,
        clock.after(lingerMs, () => end(before)),
      );
    },
    async drain() {
      for (const runner of [...former.keys()]) end(runner);
      await Promise.all([current.drain(), ...ending]);
    },
    async [Symbol.asyncDispose]() {
      for (const runner of [...former.keys()]) end(runner);
      await Promise.all([current[Symbol.asyncDispose](), ...ending]);
    },
  };
}
