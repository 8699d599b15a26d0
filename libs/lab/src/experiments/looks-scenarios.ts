import { experimentNames } from '@weir/simulation';
import { parseScenario, readScenario } from '../scenario/scenario.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

/** Floors of the experiments of second looks: points below the best variant, and the paper's at their relative places. */
export const looksFloors = ['best-0.05', 'best-0.9', '85', '80'] as const;
export const looksUsers = [1, 3, 5] as const;

/** Side by side in synchronous epochs; the oracle of one look is added. */
const inEpochs = ['planner', 'planner-one-look', 'offload-only', 'threshold', 'hi-lcb', 'oracle-two-looks'];
/** Side by side under arrivals; the best static placement of one look is added. */
const underArrivals = ['planner', 'planner-one-look', 'threshold', 'hi-lcb', 'oracle-two-looks'];

/**
 * The experiments of second looks, live: A to D × floors × 1, 3 and 5 users in epochs, Poisson arrivals, and pictures that
 * change. `quick`: one cell, fewer epochs.
 */
export function looksScenarios({
  quick,
  seed,
}: {
  readonly quick: boolean;
  readonly seed: number;
}): Scenario[] {
  const epochs = quick
    ? { learning: 10, measured: 12, blocks: 2 }
    : { learning: 20, measured: 30, blocks: 3 };
  const grid = (quick ? ['A'] : experimentNames).flatMap((experiment) =>
    (quick ? [3] : looksUsers).flatMap((users) =>
      (quick ? [looksFloors[1]] : looksFloors).map((floor) => ({
        name: `looks-${experiment.toLowerCase()}-${floor}-${users}`,
        title: `Second looks, experiment ${experiment}, floor ${floor}, ${users} ${users === 1 ? 'user' : 'users'}`,
        cell: { experiment, users },
        floor,
        learners: inEpochs,
        epochs,
        repetitions: quick ? 3 : 5,
        seed,
      })),
    ),
  );
  const poisson = (quick ? ['60'] : ['30', '60', '90', '130']).map((load) => {
    const scenario = readScenario(`looks-poisson-${load}`);
    const arrivals = {
      ...scenario.arrivals!,
      ...(quick && { learningSeconds: 8, warmupSeconds: 5, seconds: 15, blocks: 2 }),
    };
    return { ...scenario, learners: underArrivals, arrivals, seed };
  });
  const drift = quick
    ? []
    : ['drift-pictures', 'drift-pictures-unaudited', 'drift-pictures-truths'].map((name) => ({
        ...readScenario(name),
        seed,
      }));
  return [...grid, ...poisson, ...drift].map((scenario) => parseScenario(scenario));
}
