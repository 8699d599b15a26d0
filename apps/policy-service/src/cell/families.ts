import { type Clock, type Logger, ResourceExhausted, type Steps, Unavailable } from '@weir/base';
import type { CellStatus, DeviceHello, DeviceStatus, FamilyIdentity, Objective } from '@weir/domain';
import { type AgentLink, sessionReplaced } from '../sessions/registry.ts';
import { besideMark, type Cells } from './cells.ts';
import type { CallCaller } from '@weir/rpc';
import type { CellHost } from './host.ts';
import type { FamilyConflict } from './members.ts';

export interface FamiliesOptions {
  readonly cells: Cells;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Time between two looks whether devices that are planned apart can join the others, ms. */
const reuniteMs = 5_000;
/** Families beside the one of a cell: each takes a cell of its own, which others need too. */
const mostParts = 8;
/** Faults that are remembered as told. */
const mostTold = 1_024;

/**
 * Devices of one cell whose model families do not go together are planned apart: variants of one name that are different
 * models must share neither facts nor what is learned. The family that came first is the cell's; each other one has a cell
 * of its own beside it, with the same objective and learner, until it goes together with what is left.
 */
export class Families implements Disposable {
  readonly #cells: Cells;
  readonly #logger: Logger;
  readonly #told = new Set<string>();
  readonly #stop: () => void;

  constructor({ cells, clock, logger }: FamiliesOptions) {
    this.#cells = cells;
    this.#logger = logger;
    this.#stop = clock.every(reuniteMs, () => this.#reunite());
  }

  /** Begins the session of a device, where its models belong. Rejects as `Cells.open` and `CellDevices.join` throw, and with
   * ResourceExhausted for one family too many, and with the reason of a cell that has ended meanwhile. */
  async join(
    cellId: string,
    hello: DeviceHello,
    { link, by }: { readonly link: AgentLink; readonly by?: CallCaller },
  ): Promise<CellHost> {
    const main = await this.#cells.open(cellId, { by });
    const conflict = main.devices.members.conflict(hello);
    // No await before a device joins its own cell: another one may join meanwhile. In a part all have the same models.
    const part = conflict ? await this.#openPart(cellId, hello, { main, by }) : main;
    if (conflict) this.#tell(cellId, hello, conflict);
    // Deleted while it was being opened: a device in it would bring it back.
    part.closed.throwIfAborted();
    part.devices.join(hello, link);
    for (const former of [main, ...this.#parts(cellId)])
      if (former !== part) former.devices.sessions.end(hello.deviceId, sessionReplaced(hello.deviceId));
    return part;
  }

  /** The objective of the cell, for all its devices. Throws as `CellHost.setObjective`, but only for the cell's own family. */
  async setObjective(cellId: string, objective: Objective, by?: CallCaller): Promise<void> {
    await (await this.#cells.open(cellId, { by })).setObjective(objective);
    await this.#forParts(cellId, (part) => part.setObjective(objective));
  }

  /** As `CellHost.setLearner`, for all devices of the cell. */
  async setLearner(cellId: string, learner: string, by?: CallCaller): Promise<void> {
    await (await this.#cells.open(cellId, { by })).setLearner(learner);
    await this.#forParts(cellId, (part) => part.setLearner(learner));
  }

  /** Where the device is planned. Throws as `Cells.get`. */
  async hostOf(cellId: string, deviceId: string): Promise<CellHost> {
    const main = await this.#cells.get(cellId);
    const hosts = [main, ...this.#parts(cellId)];
    return (
      hosts.find(({ devices }) => devices.sessions.has(deviceId)) ??
      hosts.find(({ devices }) => devices.members.get(deviceId)) ??
      main
    );
  }

  /** How the cell stands, with all its devices. */
  *statusInSteps(cellId: string, main: CellHost): Steps<CellStatus> {
    const status = yield* main.orchestrator.statusInSteps();
    const parts = this.#parts(cellId);
    const { restored } = main;
    if (parts.length === 0) return { ...status, restored };
    const devices = new Map(status.devices.map((device) => [device.deviceId, device]));
    for (const part of parts)
      for (const device of (yield* part.orchestrator.statusInSteps()).devices)
        if (!devices.get(device.deviceId)?.connected)
          devices.set(device.deviceId, withFault(device, main, part));
    return { ...status, restored, devices: [...devices.values()] };
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  async #openPart(
    cellId: string,
    hello: DeviceHello,
    { main, by }: { readonly main: CellHost; readonly by: CallCaller | undefined },
  ): Promise<CellHost> {
    const id = partOf(cellId, hello);
    const parts = this.#cells.openWhere((each) => cellOf(each) === cellId);
    if (parts.length >= mostParts && !parts.some((part) => part.cellId === id))
      throw new ResourceExhausted(
        `cell ${cellId} has devices of ${mostParts + 1} model families, and takes no more; give them one (--models)`,
        { reason: 'TOO_MANY_FAMILIES' },
      );
    return this.#cells.open(id, { by, like: main });
  }

  #parts(cellId: string): readonly CellHost[] {
    return this.#cells.openWhere((id) => cellOf(id) === cellId).map(({ cell }) => cell);
  }

  async #forParts(cellId: string, change: (part: CellHost) => Promise<void>): Promise<void> {
    for (const part of this.#parts(cellId))
      await change(part).catch((err: unknown) =>
        this.#logger.warn({ err, cellId }, 'the devices of another model family keep what they had'),
      );
  }

  /** Sessions that could be planned with the cell's end, and begin again there. */
  #reunite(): void {
    for (const { cellId, cell: part } of this.#cells.openWhere((id) => cellOf(id) !== undefined)) {
      const [main] = this.#cells.openWhere((id) => id === cellOf(cellId));
      const { members, sessions } = part.devices;
      for (const deviceId of [...sessions.deviceIds()]) {
        const member = members.get(deviceId);
        if (!main || !member || main.cell.devices.members.conflict(member.hello)) continue;
        const reason = 'FAMILY_REUNITED';
        sessions.end(
          deviceId,
          new Unavailable('the models now go together with the cell’s: join again', { reason }),
        );
      }
    }
  }

  #tell(cellId: string, { deviceId, family }: DeviceHello, conflict: FamilyConflict): void {
    const fault = faultOf(family, conflict);
    const key = JSON.stringify([cellId, deviceId, fault]);
    if (this.#told.has(key) || this.#told.size >= mostTold) return;
    this.#told.add(key);
    this.#logger.warn(
      { cellId, deviceId, variants: conflict.variants },
      `${deviceId} is planned by itself: ${fault}`,
    );
  }
}

/** Id of the cell beside `cellId` for devices with these models. */
const partOf = (cellId: string, { family, deviceId }: DeviceHello): string =>
  `${cellId}${besideMark}${family?.version ?? deviceId}`;

/** Id of the cell that a part is beside; undefined for one that is no part. */
export const cellOf = (id: string): string | undefined => {
  const at = id.lastIndexOf(besideMark);
  return at > 0 ? id.slice(0, at) : undefined;
};

function withFault(device: DeviceStatus, main: CellHost, part: CellHost): DeviceStatus {
  const hello = part.devices.members.get(device.deviceId)?.hello;
  const conflict = hello && main.devices.members.conflict(hello);
  return conflict ? { ...device, familyFault: faultOf(hello.family, conflict) } : device;
}

function faultOf(own: FamilyIdentity | undefined, { family, variants }: FamilyConflict): string {
  const which = variants.length > 0 ? ` in ${variants.join(', ')}` : '';
  return `its model family, ${named(own)}, differs from the cell's, ${named(family)}${which}; give all devices one model family (--models)`;
}

const named = (family: FamilyIdentity | undefined): string =>
  family ? `${family.name} (version ${family.version})` : 'without a name';
