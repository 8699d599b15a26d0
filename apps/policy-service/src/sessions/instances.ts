import { FailedPrecondition, type Logger } from '@weir/base';

/** One run of an agent, as its Hello names it. */
export interface AgentRun {
  readonly cellId: string;
  readonly deviceId: string;
  readonly instanceId: string;
}

/** How long an agent stays away whose device another one runs as, ms. */
export const stayAwayMs = 60_000;
/** Runs remembered of a device, and devices remembered that are not connected. */
const most = { runs: 8, devices: 10_000 };

interface Known {
  /** In the order in which they were first seen. */
  runs: string[];
  /** The last one that was let in. */
  newest: string;
  standing: AgentRun | undefined;
  told: string;
}

/** A session that wants to stand, or does. Disposing says that it is over. */
export class Claim implements Disposable {
  readonly #run: AgentRun;
  readonly #known: Known;
  readonly #onTaken: (from: string) => void;

  constructor(run: AgentRun, known: Known, onTaken: (from: string) => void) {
    this.#run = run;
    this.#known = known;
    this.#onTaken = onTaken;
  }

  /** The device has joined by it. */
  stands(): void {
    const before = this.#known.standing?.instanceId;
    this.#known.standing = this.#run;
    if (before !== undefined && before !== this.#run.instanceId) this.#onTaken(before);
  }

  /** Why it is ended by another session of the device: the same run came back, or another one has come. */
  ending(reason: Error): Error {
    const { newest } = this.#known;
    return newest === this.#run.instanceId ? reason : deviceTwice(this.#run, newest);
  }

  [Symbol.dispose](): void {
    // The same run may have come back meanwhile.
    if (this.#known.standing === this.#run) this.#known.standing = undefined;
  }
}

/**
 * Tells two agents that run as one device from one agent that comes back. The run that was seen first gives way to a newer one,
 * is told to stay away, and is refused while the newer one's session stands; so the two do not throw each other out for ever.
 */
export class DeviceInstances {
  readonly #logger: Logger;
  readonly #known = new Map<string, Known>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Devices that are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Throws FailedPrecondition, with the time to stay away, when a newer run of the device stands. */
  claim(run: AgentRun): Claim {
    const key = JSON.stringify([run.cellId, run.deviceId]);
    const known = this.#known.get(key) ?? { runs: [], newest: '', standing: undefined, told: '' };
    const { instanceId } = run;
    if (!known.runs.includes(instanceId)) known.runs = [...known.runs, instanceId].slice(-most.runs);
    const standing = known.standing?.instanceId;
    if (standing !== undefined && known.runs.indexOf(standing) > known.runs.indexOf(instanceId)) {
      this.#tell(run, known, standing);
      throw deviceTwice(run, standing);
    }
    known.newest = instanceId;
    this.#remember(key, known);
    return new Claim(run, known, (before) => this.#tell(run, known, before));
  }

  #tell({ cellId, deviceId, instanceId }: AgentRun, known: Known, other: string): void {
    const pair = [instanceId, other].sort().join(' ');
    if (known.told === pair) return;
    known.told = pair;
    this.#logger.warn(
      { cellId, deviceId, instanceIds: [instanceId, other] },
      `another agent has taken device ${deviceId} over; if both go on, give one of them another --device-id: the newer one stands`,
    );
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size <= most.devices) return;
    for (const [other, { standing }] of this.#known)
      if (standing === undefined && other !== key) return void this.#known.delete(other);
  }
}

const deviceTwice = ({ cellId, deviceId, instanceId }: AgentRun, standing: string): Error =>
  new FailedPrecondition(
    `another agent, which began later, runs as device ${deviceId} of cell ${cellId}: stop one of them, or give one another --device-id`,
    { reason: 'DEVICE_TWICE', retryAfterMs: stayAwayMs, info: { instance: instanceId, standing } },
  );
