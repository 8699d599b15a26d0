import { type Clock, type Logger, ResourceExhausted } from '@weir/base';
import type { DeviceHello, DeviceState, Outcome, TrialTruths, TruthReport } from '@weir/domain';
import { createTransferLedger, EarnedBalances, type TransferLedger } from '@weir/learning';
import { tellMemberFaults } from './member-faults.ts';
import type { StoredDevice } from '@weir/storage';
import type { KnownFamilies } from './known-families.ts';
import { type Member, Members } from './members.ts';
import { type AgentLink, Sessions } from '../sessions/registry.ts';

export interface DeviceTimes {
  /** Validity of a directive, ms. */
  readonly leaseMs: number;
  /** How long a device without a session stays in the plan, ms. */
  readonly graceMs: number;
}

export interface CellDevicesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly times: DeviceTimes;
  readonly maxDevices: number;
  /** Of this run of the service. */
  readonly instanceId: string;
  /** As of `SessionsOptions`. */
  readonly ownerEpoch?: number | undefined;
  /** Numbers that rise, over restarts too; undefined while none is to be had, and then nothing is pushed. */
  readonly nextVersion: () => number | undefined;
  /** As of `SessionsOptions`. */
  readonly outcomePauseMs?: (() => number) | undefined;
  /** An id that no ledger of this cell ever had. */
  readonly newLedgerId: () => string;
  /** What is known of model families: devices redefine none of it. @default nothing */
  readonly families?: KnownFamilies | undefined;
}

/** An agent keeps at most so many frames at its best accuracy. */
const framesKept = 20;
/** What second looks may add to the best accuracy. */
const lookGain = 0.1;

/** What others must hear of the devices; all are called synchronously. */
export interface DeviceEvents {
  /** A device has joined: it may be one that the learner does not know. */
  readonly onJoined?: () => void;
  /** A device has joined or left, perhaps one of many. */
  readonly onCameOrWent?: () => void;
  /** Something else has changed that cannot wait for the next regular plan. */
  readonly onUrgent?: () => void;
  /** A device has joined, or names other nodes or variants than before. */
  readonly onDescribed?: (member: Member) => void;
  /** A device tells what truths it was told, since its agent's run began; another run counts anew. */
  readonly onTruths?: (deviceId: string, truths: TruthReport, instanceId: string) => void;
  /** Likewise, of the trials of canaries. */
  readonly onTrials?: (deviceId: string, trials: readonly TrialTruths[]) => void;
  /** Devices have left the plan for good. */
  readonly onExpired?: (deviceIds: readonly string[]) => void;
}

/**
 * The devices of a cell: what is known of each, which are connected, and their accounts of accuracy balance. Sessions
 * report here and nowhere else; learner, plan and disk follow by events.
 */
export class CellDevices {
  readonly #options: CellDevicesOptions & DeviceEvents;
  readonly members: Members;
  readonly sessions: Sessions;
  readonly #earned = new EarnedBalances();
  #accuracyFloor = 0;
  #ledger: TransferLedger;

  constructor(options: CellDevicesOptions & DeviceEvents) {
    const { clock, instanceId, ownerEpoch, nextVersion, outcomePauseMs, families } = options;
    this.#options = options;
    this.members = new Members({ clock, faults: tellMemberFaults(options.logger), families });
    this.sessions = new Sessions({
      clock,
      instanceId,
      ownerEpoch,
      nextVersion,
      outcomePauseMs,
    });
    this.#ledger = this.#newLedger();
  }

  get ledger(): TransferLedger {
    return this.#ledger;
  }

  /** A device as it was before a restart: in the plan until its grace has passed or its agent is back. */
  remember(device: StoredDevice): void {
    this.members.add(device, this.#options.clock.now());
  }

  /** Begins a session, and ends the device's former one if it still stands. Throws ResourceExhausted when the cell is full. */
  join(hello: DeviceHello, link: AgentLink): void {
    const { deviceId } = hello;
    const { maxDevices, onJoined, onCameOrWent } = this.#options;
    if (!this.members.get(deviceId) && this.members.size >= maxDevices)
      throw new ResourceExhausted(`the cell has ${maxDevices} devices, and takes no more (--max-devices)`);
    this.sessions.open(deviceId, link);
    this.members.add(hello);
    this.#openAccount(deviceId);
    onJoined?.();
    onCameOrWent?.();
    this.#described(deviceId);
  }

  /** Ends a session. Ignores one that was replaced: its successor owns the device now. */
  leave(deviceId: string, link: AgentLink): void {
    if (!this.sessions.close(deviceId, link)) return;
    this.#ledger.leave(deviceId);
    this.members.disconnect(deviceId, this.#options.clock.now());
    this.#options.onCameOrWent?.();
  }

  /** Takes an agent's report. */
  report(deviceId: string, state: DeviceState): void {
    const { urgent, renamed } = this.members.update(deviceId, state);
    if (state.balance) this.#ledger.report(deviceId, state.balance);
    const member = this.members.get(deviceId);
    if (state.truths && member) this.#options.onTruths?.(deviceId, state.truths, member.hello.instanceId);
    if (state.trials && member) this.#options.onTrials?.(deviceId, state.trials);
    if (urgent) this.#options.onUrgent?.();
    if (renamed) this.#described(deviceId);
  }

  /** What the frames of devices show of them: how many there are, and what they have earned over the floor of the cell. */
  answered(outcomes: readonly Outcome[], accuracyFloor: number): void {
    this.#accuracyFloor = accuracyFloor;
    this.members.answered(outcomes);
    const { accuracies } = this.members.family();
    this.#earned.learn(outcomes, { accuracyFloor, accuracyOf: (variant) => accuracies.get(variant) });
  }

  /** Devices whose grace has passed leave for good. */
  expire(): void {
    const { clock, times, onExpired } = this.#options;
    const expired = this.members.expire(clock.now(), times.graceMs);
    for (const deviceId of expired) this.#earned.forget(deviceId);
    if (expired.length > 0) onExpired?.(expired);
  }

  /** For a new floor: accuracy was earned over the former one, and what is under way belongs to another account. */
  renewAccounts(accuracyFloor: number): void {
    this.#accuracyFloor = accuracyFloor;
    this.#earned.clear();
    this.#ledger = this.#newLedger();
    for (const deviceId of this.sessions.deviceIds()) this.#openAccount(deviceId);
  }

  #newLedger(): TransferLedger {
    return createTransferLedger({
      ledgerId: this.#options.newLedgerId(),
      earned: this.#earned,
      now: () => this.#options.clock.now(),
      mostCap: () => {
        const best = Math.max(0, ...this.members.family().accuracies.values());
        return framesKept * (Math.min(1, best + lookGain) - this.#accuracyFloor);
      },
    });
  }

  #described(deviceId: string): void {
    this.#options.onDescribed?.(this.members.get(deviceId)!);
  }

  /** A device with a floor of its own has it for itself alone, and shares nothing. */
  #openAccount(deviceId: string): void {
    if (this.members.get(deviceId)?.hello.objective?.accuracyFloor !== undefined)
      this.#ledger.leave(deviceId);
    else this.#ledger.join(deviceId);
  }
}
