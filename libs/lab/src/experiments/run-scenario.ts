import { InvalidInput, type Random, seededRandom } from '@weir/base';
import { runAdaptation } from './adaptation.ts';
import { runArrivalsExperiment } from './arrivals.ts';
import { type PreparedCell, weakDevicesOf } from './preparation.ts';
import { runCurves } from './curves.ts';
import { runEpochsExperiment } from './epochs.ts';
import type { UnitResult } from '../measure/results.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { learnSnapshot, runTransfer } from './transfer.ts';

/** Runs a scenario on its cell. Throws InvalidInput for what does not fit the cell. */
export async function runScenario(scenario: Scenario, prepared: PreparedCell): Promise<UnitResult> {
  const { name, cell, seed } = scenario;
  const startedAt = prepared.testbed.clock.now();
  const random = seededRandom(seed);
  const experiment = 'experiment' in cell ? { experiment: cell.experiment } : {};
  const floor = prepared.floorOf(scenario.floor);
  const users = prepared.description.devices.length;
  const findings = await find(scenario, prepared, { floor: floor.value, random });
  const title = scenario.title || name;
  const seconds = (prepared.testbed.clock.now() - startedAt) / 1_000;
  const about = { name, title, seed, seconds };
  switch (findings.kind) {
    case 'epochs':
      return { ...about, ...experiment, users, accuracies: scenario.accuracies, floor, ...findings };
    case 'arrivals':
      return { ...about, users, floor, ...findings };
    case 'learning':
      return { ...about, users, ...findings };
    default:
      return { ...about, ...findings };
  }
}

async function find(
  scenario: Scenario,
  prepared: PreparedCell,
  { floor, random }: { readonly floor: number; readonly random: Random },
) {
  const { testbed, weakDevices, onStep } = prepared;
  const { learners } = scenario;
  const counter = epochCounter(onStep);
  const table = await prepared.tableOf(weakDevices);
  if (scenario.epochs) {
    const { learning, measured } = scenario.epochs;
    const onEpoch = counter((learners.length + 1) * measured + learners.length * learning);
    const run = { ...scenario.epochs, table, floor, learners, random, onEpoch };
    return { kind: 'epochs' as const, ...(await runEpochsExperiment(testbed, run)) };
  }
  if (scenario.arrivals) {
    const { pattern, load } = scenario.arrivals;
    const onBlock = (label: string, done: number, total: number) =>
      onStep({ phase: 'experiment', label, done, total, unit: 'blocks' });
    const run = { ...scenario.arrivals, table, floor, learners, random, onBlock };
    return { kind: 'arrivals' as const, pattern, load, ...(await runArrivalsExperiment(testbed, run)) };
  }
  if (scenario.adaptation) {
    const { epochs, events } = scenario.adaptation;
    const known = prepared.description.devices.map(({ id }) => id);
    const unknown = events.flatMap(({ weak }) => weak.filter((id) => !known.includes(id)));
    if (unknown.length > 0)
      throw new InvalidInput([
        {
          field: 'adaptation.events',
          description: `no device ${unknown.join(', ')}; there are ${known.join(', ')}`,
        },
      ]);
    const phases = [{ fromEpoch: 1, label: '', weakDevices, table }];
    for (const { epoch, weak, label } of events)
      phases.push({ fromEpoch: epoch, label, weakDevices: weak, table: await prepared.tableOf(weak) });
    const onEpoch = counter(learners.length * epochs);
    const run = { phases, epochs, floor, learners, random, onEpoch };
    return { kind: 'adaptation' as const, ...(await runAdaptation(testbed, run)) };
  }
  if (scenario.transfer) {
    const { from, learner, epochs } = scenario.transfer;
    const there =
      from.experiment === undefined ? weakDevices : weakDevicesOf(from.experiment, prepared.description);
    const thereFloor = from.floor === undefined ? floor : prepared.floorOf(from.floor).value;
    const onEpoch = counter(3 * epochs);
    await testbed.weaken(there);
    const learn = { learner, floor: thereFloor, epochs, random: random.fork('there'), onEpoch };
    const snapshot = await learnSnapshot(testbed, learn);
    await testbed.weaken(weakDevices);
    const run = { table, floor, learner, snapshot, epochs, random, onEpoch };
    const own = 'experiment' in scenario.cell ? scenario.cell.experiment : undefined;
    return {
      kind: 'transfer' as const,
      from: inWords(from),
      to: inWords({ experiment: own, floor: scenario.floor }),
      learner,
      ...(await runTransfer(testbed, run)),
    };
  }
  const { epochs } = scenario.curves!;
  const run = { table, floor, learners, epochs, random, onEpoch: counter(learners.length * epochs) };
  return { kind: 'learning' as const, ...(await runCurves(testbed, run)) };
}

/** E.g. "experiment A, floor 89". */
const inWords = ({
  experiment,
  floor,
}: {
  readonly experiment?: string | undefined;
  readonly floor?: Scenario['floor'] | undefined;
}): string =>
  [experiment && `experiment ${experiment}`, floor !== undefined && `floor ${floor}`]
    .filter(Boolean)
    .join(', ');

const epochCounter = (onStep: PreparedCell['onStep']) => (total: number) => {
  let done = 0;
  return (_: unknown, label: string) =>
    onStep({ phase: 'experiment', label, done: ++done, total, unit: 'epochs' });
};
