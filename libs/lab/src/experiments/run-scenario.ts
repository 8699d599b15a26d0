import { InvalidInput, type Random, seededRandom } from '@weir/base';
import type { Picture } from '@weir/cell';
import { expectedAccuracy, palePicture } from '@weir/inference';
import { runAdaptation } from './adaptation.ts';
import { type ArrivalRate, runArrivalsExperiment } from './arrivals.ts';
import type { FrameRecord } from '../frames/frame-record.ts';
import { observe } from './observer.ts';
import { type PreparedCell, weakDevicesOf } from './preparation.ts';
import { runCurves } from './curves.ts';
import { runPicturesExperiment } from './pictures.ts';
import { answersOfFamily } from '../measure/family-answers.ts';
import { unableIn } from '../measure/candidates.ts';
import { picturesIn } from '../measure/pictures-in.ts';
import { runEpochsExperiment } from './epochs.ts';
import type { CostTable } from '../measure/cost-table.ts';
import type { UnitResult } from '../measure/results.ts';
import { type TunedRule, tunedRules } from '../measure/tuned-rules.ts';
import { isHindsight } from '../scenario/lab-learners.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';
import { learnSnapshot, runTransfer } from './transfer.ts';

/** Runs a scenario on its cell; `onFrame` is told each frame. Throws InvalidInput for what does not fit the cell. */
export async function runScenario(
  scenario: Scenario,
  prepared: PreparedCell,
  { onFrame }: { readonly onFrame?: (frame: FrameRecord) => void } = {},
): Promise<UnitResult> {
  const { name, cell, seed } = scenario;
  const startedAt = prepared.testbed.clock.now();
  const random = seededRandom(seed);
  const experiment = 'experiment' in cell ? { experiment: cell.experiment } : {};
  const floor = prepared.floorOf(scenario.floor);
  const users = prepared.description.devices.length;
  const findings = await find(scenario, prepared, { floor: floor.value, random, startedAt, onFrame });
  const title = scenario.title || name;
  const seconds = (prepared.testbed.clock.now() - startedAt) / 1_000;
  const about = { name, title, seed, seconds };
  switch (findings.kind) {
    case 'epochs':
      return { ...about, ...experiment, users, accuracies: scenario.accuracies, floor, ...findings };
    case 'arrivals':
      return { ...about, users, floor, ...findings };
    case 'pictures':
      return { ...about, users, floor, ...findings };
    case 'learning':
      return { ...about, users, ...findings };
    default:
      return { ...about, ...findings };
  }
}

interface RunOptions {
  readonly floor: number;
  readonly random: Random;
  /** By the clock. */
  readonly startedAt: number;
  readonly onFrame: ((frame: FrameRecord) => void) | undefined;
}

async function find(
  scenario: Scenario,
  prepared: PreparedCell,
  { floor, random, startedAt, onFrame }: RunOptions,
) {
  const { testbed, weakDevices, onStep } = prepared;
  const { learners } = scenario;
  const { name: experiment, seed } = scenario;
  const looks = Math.min(scenario.looks, prepared.description.objective.maxLooks);
  const weakSets = [weakDevices, ...(scenario.adaptation?.events ?? []).map(({ weak }) => weak)];
  const { onProfiling, counted, onBlock, onArrival } = observe({
    about: { experiment, seed, accuracyFloor: floor },
    startedAt,
    weakSets,
    onStep,
    onFrame,
  });
  const tableOf = (weak: readonly string[]) => prepared.tableOf(weak, onProfiling(weak));
  const table = await tableOf(weakDevices);
  if (scenario.epochs) {
    const { learning, measured } = scenario.epochs;
    const tuned = (await tunedOf(scenario, prepared, { table, floor }))();
    const able = learners.length - unableIn(tuned).length;
    const onEpoch = counted((able + 1) * measured + able * learning);
    const run = {
      ...scenario.epochs,
      table,
      floor,
      learners,
      looks,
      tuned,
      random,
      startedAt,
      onEpoch,
    };
    return { kind: 'epochs' as const, ...(await runEpochsExperiment(testbed, run)) };
  }
  if (scenario.arrivals) {
    const { pattern, load } = scenario.arrivals;
    const run = {
      ...scenario.arrivals,
      table,
      floor,
      learners,
      looks,
      tuned: await tunedOf(scenario, prepared, { table, floor }),
      random,
      startedAt,
      onBlock,
      onFrame: onArrival,
    };
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
      phases.push({ fromEpoch: epoch, label, weakDevices: weak, table: await tableOf(weak) });
    const onEpoch = counted(learners.length * epochs);
    const run = { phases, epochs, floor, learners, looks, random, startedAt, onEpoch };
    return { kind: 'adaptation' as const, ...(await runAdaptation(testbed, run)) };
  }
  if (scenario.transfer) {
    const { from, learner, epochs } = scenario.transfer;
    const there =
      from.experiment === undefined ? weakDevices : weakDevicesOf(from.experiment, prepared.description);
    const thereFloor = from.floor === undefined ? floor : prepared.floorOf(from.floor).value;
    const onEpoch = counted(3 * epochs);
    await testbed.weaken(there);
    const learn = { learner, looks, floor: thereFloor, epochs, random: random.fork('there'), onEpoch };
    const snapshot = await learnSnapshot(testbed, learn);
    await testbed.weaken(weakDevices);
    const run = { table, floor, learner, looks, snapshot, epochs, random, startedAt, onEpoch };
    const own = 'experiment' in scenario.cell ? scenario.cell.experiment : undefined;
    return {
      kind: 'transfer' as const,
      from: inWords(from),
      to: inWords({ experiment: own, floor: scenario.floor }),
      learner,
      ...(await runTransfer(testbed, run)),
    };
  }
  if (scenario.pictures) {
    const { pattern, load, contrast, truths } = scenario.pictures;
    const { family } = prepared;
    const best = family.variants.reduce((a, b) => (expectedAccuracy(a) >= expectedAccuracy(b) ? a : b)).name;
    const pictures = picturesIn(testbed.pictures);
    const changed = await Promise.all(
      pictures.map(async (sample) => ({
        ...sample,
        image: await palePicture(sample.image, contrast),
      })),
    );
    const shown = [...pictures, ...changed];
    const answers = (await answersOfFamily(family, shown, [best])).get(best)!;
    const rightOf = new Map(shown.map((sample, at) => [sample, answers.right[at]!]));
    const [learner] = learners as [string];
    const bestRight = (sample: Picture) => rightOf.get(sample)!;
    const run = { ...scenario.pictures, table, floor, learner, looks, changed, bestRight, random, onBlock };
    const { audits } = scenario;
    const found = await runPicturesExperiment(testbed, run);
    return { kind: 'pictures' as const, learner, pattern, load, contrast, audits, truths, ...found };
  }
  const { epochs } = scenario.curves!;
  const onEpoch = counted(learners.length * epochs);
  const run = { table, floor, learners, looks, epochs, random, startedAt, onEpoch };
  return { kind: 'learning' as const, ...(await runCurves(testbed, run)) };
}

/** Tunes the rules of a scenario that are tuned in hindsight. */
async function tunedOf(
  { learners, epochs, arrivals: given }: Scenario,
  prepared: PreparedCell,
  { table, floor }: { readonly table: CostTable; readonly floor: number },
): Promise<(arrivals?: ArrivalRate) => ReadonlyMap<string, TunedRule | undefined>> {
  const rules = learners.filter(isHindsight);
  if (rules.length === 0) return () => new Map();
  const answers = await prepared.answers();
  const devices = table.shape.deviceIds.length;
  return (arrivals) => {
    const seconds = given ? given.learningSeconds + given.blocks * (given.warmupSeconds + given.seconds) : 0;
    const frames = epochs
      ? devices * (epochs.learning + epochs.measured)
      : Math.round(1_000 * seconds * devices * (arrivals?.ratePerMs ?? 0));
    return tunedRules(rules, { table, answers, floor, frames, ...arrivals });
  };
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
