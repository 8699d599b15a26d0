import { floorLabels } from '../scenario/paper-floors.ts';
import { parseScenario, readScenario, shippedScenarios } from '../scenario/scenario.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

/**
 * Everything that the reproduction runs: the paper's experiments A–D and floors for five users with all baselines; the
 * same for one to four users with `planner` and `offload-only`; the published accuracies; random arrivals; links that go
 * weak; transfer; learning curves: one look a frame, as in the paper. `quick`: one floor, fewer epochs and users.
 * `looks`: 2 adds the experiments of second looks.
 */
export function reproductionScenarios({
  quick,
  seed,
  looks = 1,
}: {
  readonly quick: boolean;
  readonly seed: number;
  readonly looks?: number;
}): Scenario[] {
  const shipped = (name: string, more: Partial<Scenario> = {}): Scenario => ({
    ...readScenario(name),
    seed,
    repetitions: quick ? 3 : 5,
    ...more,
  });
  const experiments = ['a', 'b', 'c', 'd'];
  const floors = quick ? ['89'] : [...floorLabels];
  const few = { learning: quick ? 10 : 12, measured: quick ? 10 : 12, blocks: 2 };
  const five = (floor: string) =>
    quick
      ? { learning: 10, measured: 12, blocks: 2 }
      : { learning: 15, measured: floor === '89' ? 30 : 20, blocks: 2 };
  const userCounts = quick ? [2] : [4, 3, 2, 1];
  const paper = ({ cell }: Scenario, users: number) =>
    ({ ...(cell as { experiment: string }), users }) as Scenario['cell'];
  const withFive = experiments.flatMap((experiment) =>
    floors.map((floor) => {
      const scenario = shipped(`${experiment}-${floor}`, { epochs: five(floor) });
      // The experiment of the headline gets the epochs of its own file.
      return !quick && scenario.name === 'a-89'
        ? { ...scenario, epochs: readScenario('a-89').epochs }
        : scenario;
    }),
  );
  const withFewer = userCounts.flatMap((users) =>
    (quick ? ['a'] : experiments).flatMap((experiment) =>
      floors.map((floor) => {
        const scenario = shipped(`${experiment}-${floor}`);
        const learners = ['planner', 'offload-only'];
        return {
          ...scenario,
          name: `${scenario.name}-${users}`,
          cell: paper(scenario, users),
          learners,
          epochs: few,
        };
      }),
    ),
  );
  const published = (quick ? ['a'] : experiments).flatMap((experiment) =>
    (quick ? ['89'] : ['85', '89']).map((floor) => {
      const scenario = shipped(`${experiment}-${floor}`, { epochs: five(floor), accuracies: 'published' });
      const learners = quick ? ['planner', 'offload-only'] : scenario.learners;
      return { ...scenario, name: `${scenario.name}-published`, learners };
    }),
  );
  const shorter = (scenario: Scenario): Scenario => {
    if (!quick) return scenario;
    const { epochs, arrivals, adaptation, transfer, curves } = scenario;
    return {
      ...scenario,
      ...(epochs && { epochs: { learning: 10, measured: 12, blocks: 2 } }),
      ...(arrivals && { arrivals: { ...arrivals, learningSeconds: 8, seconds: 15, blocks: 2 } }),
      ...(adaptation && {
        adaptation: {
          epochs: adaptation.epochs / 2,
          events: adaptation.events.map((event) => ({ ...event, epoch: Math.floor(event.epoch / 2) + 1 })),
        },
      }),
      ...(transfer && { transfer: { ...transfer, epochs: 12 } }),
      ...(curves && { curves: { epochs: 60 } }),
    };
  };
  const looking = looks < 2 ? [] : quick ? ['looks-0.9'] : shippedScenarios().filter(isLooking);
  const others = (
    quick
      ? ['poisson-60', 'weak-link', 'transfer-floor', 'learning']
      : [
          'poisson-30',
          'poisson-60',
          'poisson-90',
          'poisson-90-measured',
          'weak-link',
          'transfer-experiment',
          'transfer-floor',
          'learning',
        ]
  )
    .concat(looking)
    .map((name) => shorter(shipped(name)));
  return [...withFive, ...others, ...withFewer, ...published].map((scenario) => parseScenario(scenario));
}

const isLooking = (name: string): boolean => name.startsWith('looks-');
