import { type Clock, type Logger, Unavailable, sleep, systemClock } from '@weir/base';
import {
  type AgentClient,
  type CellDescription,
  type RunningCell,
  type Sample,
  connectAgent,
  startCell,
} from '@weir/cell';
import { expectedAccuracy, type Family } from '@weir/inference';
import {
  type LookCurves,
  type Objective,
  type Placement,
  type PlannedLook,
  defaultObjective,
} from '@weir/domain';
import { type LearnerSnapshot, staticSnapshot } from '@weir/learning';
import { policy } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { objectiveToWire, snapshotFromWire, snapshotToWire } from '@weir/wire';
import type { TableShape } from './cost-table.ts';
import type { PlacedDevice } from './results.ts';

export interface TestbedOptions {
  readonly description: CellDescription;
  readonly family: Family;
  readonly pictures: readonly Sample[];
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Share of the answers that are audited. @default 0 */
  readonly auditShare?: number;
  /** As `startCell` takes it. */
  readonly stateDir?: string | undefined;
}

/** A living cell with an application on every device, and the hand of whoever runs an experiment on it. */
export interface Testbed extends AsyncDisposable {
  readonly cell: RunningCell;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pictures: readonly Sample[];
  readonly shape: TableShape;
  /** In the order of the description. */
  readonly applications: readonly { readonly deviceId: string; readonly client: AgentClient }[];
  readonly policy: policy.PolicyServiceClient;
  /** Sets the floor and starts every balance of accuracy at 0. */
  setFloor(floor: number): Promise<void>;
  /** Sets how many looks a frame may get. */
  setLooks(maxLooks: number): Promise<void>;
  /** Goes on with what the learner had learned before in this cell. */
  setLearner(learner: string): Promise<void>;
  importSnapshot(snapshot: LearnerSnapshot): Promise<void>;
  exportSnapshot(): Promise<LearnerSnapshot>;
  /** From now on this joint placement is obeyed. */
  place(placements: readonly PlacedDevice[]): Promise<void>;
  /** Gives these devices weak links and all others regular ones. */
  weaken(deviceIds: readonly string[]): Promise<void>;
}

const callMs = 10_000;
/** How long devices may take to hear of a new objective, ms. */
const heardMs = 10_000;

/** Starts the cell and connects its devices; disposing stops it. Throws what `startCell` throws. */
export async function openTestbed(options: TestbedOptions): Promise<Testbed> {
  const { description, family, pictures, logger, signal, clock = systemClock, auditShare = 0 } = options;
  await using opening = new AsyncDisposableStack();
  const cell = opening.use(
    await startCell(description, { logger, signal, logLevel: 'warn', stateDir: options.stateDir }),
  );
  const applications = cell.devices.map(({ id, address }) => ({
    deviceId: id,
    client: opening.use(connectAgent(address)),
  }));
  const connection = opening.use(connect(cell.policyAddress));
  const client = connection.client(policy.PolicyServiceClient);
  const { cellId } = description;

  const announce = async (objective: Objective) => {
    const request = { cellId, objective: objectiveToWire(objective) };
    await callUnary(client, client.setObjective, request, { timeoutMs: callMs });
  };
  const importSnapshot = async (snapshot: LearnerSnapshot) => {
    const request = { cellId, learner: snapshot.learner, snapshot: snapshotToWire(snapshot) };
    await callUnary(client, client.importSnapshot, request, { timeoutMs: callMs });
  };

  let objective: Objective = { ...defaultObjective, ...description.objective, auditShare };
  const change = async (changed: Partial<Objective>) => {
    objective = { ...objective, ...changed };
    await announce(objective);
    await heard(applications, objective, { clock, signal });
  };

  const opened = opening.move();
  return {
    cell,
    clock,
    signal,
    pictures,
    shape: shapeOf(description, family),
    applications,
    policy: client,
    async setFloor(accuracyFloor) {
      // A floor that rises opens new accounts; one that only falls, or stays, would let a device live on its savings.
      await change({ accuracyFloor: 0 });
      await change({ accuracyFloor });
    },
    async setLooks(maxLooks) {
      if (objective.maxLooks !== maxLooks) await change({ maxLooks });
    },
    async setLearner(learner) {
      await callUnary(client, client.setLearner, { cellId, learner }, { timeoutMs: callMs });
    },
    importSnapshot,
    async exportSnapshot() {
      const call = { timeoutMs: callMs };
      const { learner, snapshot } = await callUnary(client, client.exportSnapshot, { cellId }, call);
      return snapshotFromWire(snapshot, learner);
    },
    place: (placements) =>
      importSnapshot(
        staticSnapshot(new Map(placements.map(placementOf)), secondLooksOf(placements, family.looks)),
      ),
    async weaken(deviceIds) {
      await Promise.all(
        cell.links.map((link) => {
          const conditions = description.links[deviceIds.includes(link.deviceId) ? 'weak' : 'regular'];
          const { tier } = description.nodes.find(({ id }) => id === link.nodeId)!;
          return link.set({ up: conditions[tier], down: conditions[tier] });
        }),
      );
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const placementOf = ({ deviceId, tier, nodeId, variant }: PlacedDevice): [string, Placement] => [
  deviceId,
  { tier, nodeId, variant },
];

function secondLooksOf(
  placements: readonly PlacedDevice[],
  looks: LookCurves | undefined,
): ReadonlyMap<string, PlannedLook> {
  return new Map(
    placements.flatMap(({ deviceId, secondLook }): [string, PlannedLook][] => {
      if (!secondLook || !looks) return [];
      const { marginBelow, ...placement } = secondLook;
      return [[deviceId, { placement, marginBelow, curves: looks.version }]];
    }),
  );
}

/** Waits until the floor and the looks are in force on every device. Throws Unavailable. */
async function heard(
  applications: Testbed['applications'],
  { accuracyFloor, maxLooks }: Objective,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const giveUpAt = clock.now() + heardMs;
  for (;;) {
    signal.throwIfAborted();
    const inForce = await Promise.all(applications.map(({ client }) => client.objective()));
    const all = inForce.every(
      (each) => Math.abs(each.accuracyFloor - accuracyFloor) < 1e-9 && each.maxLooks === maxLooks,
    );
    if (all) return;
    if (clock.now() > giveUpAt)
      throw new Unavailable(
        `the floor of ${accuracyFloor} with ${maxLooks} looks is not in force on every device after ${heardMs} ms`,
      );
    await sleep(20, { clock });
  }
}

function shapeOf({ nodes, devices }: CellDescription, family: Family): TableShape {
  const names = family.variants.map(({ name }) => name);
  const served = (variants: readonly string[]) => (variants.length > 0 ? variants : names);
  return {
    deviceIds: devices.map(({ id }) => id),
    nodes: nodes.map(({ id, tier, slots, variants }) => ({ id, tier, slots, variants: served(variants) })),
    variants: family.variants.map((variant) => ({ name: variant.name, accuracy: expectedAccuracy(variant) })),
    localVariants: served(devices[0]!.variants),
    looks: family.looks,
  };
}
