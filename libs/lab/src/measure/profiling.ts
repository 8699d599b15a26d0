import { type Random, Unavailable } from '@weir/base';
import { CostTable } from './cost-table.ts';
import { type EpochRecord, openEpochs } from './epochs.ts';
import type { PlacedDevice } from './results.ts';
import { inWords } from './summarise.ts';
import type { Testbed } from './testbed.ts';

/** Tries of one joint placement, at least. */
const attempts = 4;

export interface ProfilingOptions {
  /** Epochs of each joint placement. @default 3 */
  readonly repetitions?: number;
  /** How long a joint placement is tried again, ms: an outage of the links ends some time. @default 0 */
  readonly patienceMs?: number;
  readonly random: Random;
  readonly onEpoch?: OnProfilingEpoch;
}

/** `epoch`: from 1 to `total`; it is run again when it is not complete. */
export type OnProfilingEpoch = (
  record: EpochRecord,
  progress: { readonly epoch: number; readonly total: number },
) => void;

/**
 * Times every (tier, variant, concurrency) of the cell by running it: joint placements that are obeyed, in synchronous
 * epochs, with real frames. Each variant on all devices at once (their processors are their own); each variant of a
 * remote node with 1 to n devices there, the others at home with their quickest variant.
 */
export async function profileCell(
  testbed: Testbed,
  { repetitions = 3, patienceMs = 0, random, onEpoch }: ProfilingOptions,
): Promise<CostTable> {
  const table = new CostTable(testbed.shape);
  const { deviceIds, nodes, localVariants } = testbed.shape;
  await using epochs = openEpochs(testbed, random.fork('order'));
  const atHome = (variant: string) =>
    deviceIds.map((deviceId): PlacedDevice => ({ deviceId, tier: 'device', nodeId: deviceId, variant }));
  const remoteSteps = nodes.flatMap(({ id: nodeId, tier, variants }) =>
    variants.flatMap((variant) => deviceIds.map((_, index) => ({ nodeId, tier, variant, count: index + 1 }))),
  );
  const total = repetitions * (localVariants.length + remoteSteps.length);
  let done = 0;
  const run = async (placements: readonly PlacedDevice[]): Promise<EpochRecord> => {
    // A try that fails says nothing; what fails again and again is a fault of the cell.
    const giveUpAt = testbed.clock.now() + patienceMs;
    let tried = 0;
    while (tried < attempts || testbed.clock.now() < giveUpAt) {
      tried++;
      await testbed.place(placements);
      const record = await epochs.next(done);
      onEpoch?.(record, { epoch: done + 1, total });
      if (!record.complete) continue;
      done++;
      return record;
    }
    throw new Unavailable(
      `the cell did not run ${inWords(placements)} as told, ${tried} times; look at the logs of its processes`,
    );
  };

  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const variant of localVariants) observe(table, await run(atHome(variant)));
    const quickest = localVariants.reduce((a, b) =>
      table.localMs(deviceIds[0]!, a) <= table.localMs(deviceIds[0]!, b) ? a : b,
    );
    for (const [step, { count, ...remote }] of remoteSteps.entries()) {
      // Others each time, so that every device's network is seen.
      const first = repetition + step;
      const placements = atHome(quickest).map((home, index) =>
        (index - first + 2 * remoteSteps.length * deviceIds.length) % deviceIds.length < count
          ? { deviceId: home.deviceId, ...remote }
          : home,
      );
      observe(table, await run(placements));
    }
  }
  return table;
}

/** Enters what one epoch shows. */
export function observe(table: CostTable, { answers, placements }: EpochRecord): void {
  const atNode = new Map<string, { variant: string; times: number[] }>();
  const counts = new Map<string, number>();
  for (const { nodeId } of placements) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  for (const { deviceId, response } of answers) {
    const placed = placements.find((each) => each.deviceId === deviceId);
    const { hops } = response;
    const { nodeId, variant } = response.placement ?? {};
    if (!placed || !hops || nodeId !== placed.nodeId || variant !== placed.variant) continue;
    if (placed.tier === 'device') table.observeLocal(deviceId, placed.variant, response.responseMs);
    else {
      const networkMs = hops.uplinkMs + hops.downlinkMs;
      table.observeNetwork(deviceId, placed.nodeId, networkMs);
      const seen = atNode.get(placed.nodeId) ?? { variant: placed.variant, times: [] };
      seen.times.push(response.responseMs - networkMs);
      atNode.set(placed.nodeId, seen);
    }
  }
  for (const [nodeId, { variant, times }] of atNode) {
    const count = counts.get(nodeId)!;
    // The mean over one epoch's frames is one sample: their places in the queue depend on each other.
    if (times.length === count)
      table.observeRemote(nodeId, variant, count, times.reduce((sum, ms) => sum + ms, 0) / count);
  }
}
