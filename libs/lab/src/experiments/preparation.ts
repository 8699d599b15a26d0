import { readFileSync } from 'node:fs';
import { InvalidInput, type Logger, seededRandom } from '@weir/base';
import { type CellDescription, type Sample, readCellDescription, shuffled } from '@weir/cell';
import type { Family } from '@weir/inference';
import { defaultObjective } from '@weir/domain';
import { isLearnerFile } from '@weir/learning';
import { type ExperimentName, isWeak } from '@weir/simulation';
import type { CostTable } from '../measure/cost-table.ts';
import { type FamilyAnswers, answersOfFamily } from '../measure/family-answers.ts';
import { type TracePoint, longestOutageMs, parseTrace, playTrace } from '../scenario/link-trace.ts';
import { paperCell } from '../scenario/paper-cell.ts';
import { floorOf } from '../scenario/paper-floors.ts';
import { refuseUnreachableFloors } from '../scenario/reachable-floors.ts';
import { type OnProfilingEpoch, profileCell } from '../measure/profiling.ts';
import { loadPublished, publishedFamily } from '../scenario/published-family.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';
import type { Step } from '../measure/step.ts';
import { type Testbed, openTestbed } from '../measure/testbed.ts';

export interface PreparationOptions {
  readonly family: Family;
  /** Folder of the family; absent: the embedded one. */
  readonly models?: string | undefined;
  readonly pictures: readonly Sample[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** What goes on, for people. */
  readonly progress: (text: string) => void;
  /** After each epoch, or block of arrivals, of whatever runs on it. */
  readonly onStep?: ((step: Step) => void) | undefined;
}

/** A living cell with its measured times; scenarios of one cell share it. */
export interface PreparedCell extends AsyncDisposable {
  readonly testbed: Testbed;
  readonly description: CellDescription;
  readonly family: Family;
  readonly onStep: (step: Step) => void;
  /** Measured once for each condition of the links; `onEpoch` is called when that is now. */
  tableOf(weakDevices: readonly string[], onEpoch?: OnProfilingEpoch): Promise<CostTable>;
  /** Devices with weak links, as the scenario's cell has them. */
  readonly weakDevices: readonly string[];
  floorOf(floor: Scenario['floor']): { readonly label: string; readonly value: number };
  /** The family's own answers to the pictures that are shown; found out once, when first asked for. */
  answers(): Promise<FamilyAnswers>;
}

/** How long after an outage a device may take to be in touch with its nodes again, ms. */
const reconnectedMs = 10_000;

/** Scenarios with the same key can share a prepared cell. */
export const preparationKey = ({
  name,
  cell,
  accuracies,
  links,
  repetitions,
  seed,
  audits,
  pictures,
}: Scenario): string =>
  // What a cell has measured of its pictures must not help the next experiment.
  JSON.stringify([cell, accuracies, links, repetitions, seed, audits, ...(pictures ? [name] : [])]);

/** Starts the scenario's cell. Disposing stops it. Throws what its files and `startCell` throw. */
export async function prepareCell(scenario: Scenario, options: PreparationOptions): Promise<PreparedCell> {
  const { pictures, logger, signal, progress, onStep = () => {} } = options;
  await using opening = new AsyncDisposableStack();
  let { family, models } = options;
  if (scenario.accuracies === 'published') {
    const published = opening.use(publishedFamily(family));
    family = await loadPublished(published);
    models = published.directory;
  }
  // PolicyService takes a learner of a file only when it is started with it.
  const file = [...scenario.learners, scenario.transfer?.learner ?? ''].find(isLearnerFile);
  const description = { ...descriptionOf(scenario, { family, models }), ...(file && { learner: file }) };
  refuseWhatTheOracleCannot(description);
  refuseUnreachableFloors(scenario, description, family);
  const trace = scenario.links && readTrace(scenario.links, description);
  progress(
    `starting ${description.nodes.length + description.devices.length + 3} processes: ${description.devices.length} devices, ${description.nodes.map(({ id }) => id).join(', ')}`,
  );
  const shown = shuffled(pictures, seededRandom(scenario.seed).fork('pictures'));
  const testbed = opening.use(
    await openTestbed({ description, family, pictures: shown, logger, signal, auditShare: scenario.audits }),
  );
  if (trace) opening.use(startTrace(trace, testbed));

  const weakDevices = description.devices.filter(({ links }) => links === 'weak').map(({ id }) => id);
  const tables = new Map<string, Promise<CostTable>>();
  let answers: Promise<FamilyAnswers> | undefined;
  // A trace that drives the links says how they are.
  const weaken = async (weak: readonly string[]) => (trace ? undefined : testbed.weaken(weak));
  const measure = async (weak: readonly string[], onEpoch?: OnProfilingEpoch) => {
    await weaken(weak);
    const table = await profileCell(testbed, {
      repetitions: scenario.repetitions,
      patienceMs: trace ? longestOutageMs(trace.points) + reconnectedMs : 0,
      random: seededRandom(scenario.seed).fork('profiling'),
      ...(onEpoch && { onEpoch }),
    });
    await weaken(weakDevices);
    return table;
  };

  const opened = opening.move();
  return {
    testbed,
    description,
    family,
    onStep,
    weakDevices,
    tableOf(weak, onEpoch) {
      const key = conditionKey(weak);
      const known = tables.get(key) ?? measure(weak, onEpoch);
      tables.set(key, known);
      return known;
    },
    floorOf: (floor) => floorOf(floor, family),
    answers: () => (answers ??= answersOfFamily(family, shown)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The same for the same devices, in whatever order. */
export const conditionKey = (weakDevices: readonly string[]): string => [...weakDevices].sort().join();

/** Devices with weak links in an experiment of the paper's. */
export const weakDevicesOf = (experiment: string, { devices }: CellDescription): string[] =>
  devices.filter((_, index) => isWeak(experiment as ExperimentName, index)).map(({ id }) => id);

function descriptionOf(
  { cell, seed }: Scenario,
  { family, models }: { readonly family: Family; readonly models: string | undefined },
): CellDescription {
  if ('file' in cell) {
    const description = readCellDescription(cell.file);
    return models === undefined ? description : { ...description, models };
  }
  return paperCell({ ...cell, experiment: cell.experiment as ExperimentName, family, models, seed });
}

/** Throws InvalidInput for a cell that asks for more than the measured oracle takes into account. */
function refuseWhatTheOracleCannot({ objective, devices }: CellDescription): void {
  const { accuracyFloor: _floor, maxLooks: _looks, auditShare: _audits, ...asked } = objective;
  const { accuracyFloor: _default, maxLooks: _most, auditShare: _share, ...plain } = defaultObjective;
  const faults = Object.entries(plain)
    .filter(([key, value]) => JSON.stringify(asked[key as keyof typeof asked]) !== JSON.stringify(value))
    .map(([key]) => ({
      field: `cell.objective.${key}`,
      description: 'the oracle knows nothing but the floor; leave this out',
    }));
  if (devices.some(({ variants }) => variants.join() !== devices[0]!.variants.join()))
    faults.push({ field: 'cell.devices', description: 'the lab needs the same variants on every device' });
  if (faults.length > 0) throw new InvalidInput(faults);
}

interface LinkTrace {
  readonly points: readonly TracePoint[];
  readonly deviceIds: readonly string[];
}

/** Throws InvalidInput for a file that cannot be read or is no trace, and for devices that the cell does not have. */
function readTrace(
  { trace, devices }: NonNullable<Scenario['links']>,
  description: CellDescription,
): LinkTrace {
  const known = description.devices.map(({ id }) => id);
  const unknown = (devices ?? []).filter((id) => !known.includes(id));
  if (unknown.length > 0)
    throw new InvalidInput([
      {
        field: 'links.devices',
        description: `no device ${unknown.join(', ')}; there are ${known.join(', ')}`,
      },
    ]);
  let text: string;
  try {
    text = readFileSync(trace, 'utf8');
  } catch (cause) {
    throw new InvalidInput([{ field: 'links.trace', description: (cause as Error).message }], { cause });
  }
  return { points: parseTrace(text, trace), deviceIds: devices ?? known };
}

/** Plays the trace until disposed. */
function startTrace({ points, deviceIds }: LinkTrace, testbed: Testbed): Disposable {
  const links = testbed.cell.links.filter(({ deviceId }) => deviceIds.includes(deviceId));
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, testbed.signal]);
  void playTrace(points, links, { clock: testbed.clock, signal });
  return { [Symbol.dispose]: () => stop.abort() };
}
