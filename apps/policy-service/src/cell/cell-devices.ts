import { type Clock, ResourceExhausted } from '@weir/base';
import type { DeviceHello, DeviceState } from '@weir/domain';
import { createTransferLedger, type TransferLedger } from '@weir/learning';
import { Members } from './members.ts';
import { type AgentLink, Sessions } from '../sessions/sessions.ts';

export interface DeviceTimes {
  /** Validity of a directive, ms. */
  readonly leaseMs: number;
  /** How long a device without a session stays in the plan, ms. */
  readonly graceMs: number;
}

export interface CellDevicesOptions {
  readonly clock: Clock;
  readonly times: DeviceTimes;
  readonly maxDevices: number;
  /** Of this run of the service. */
  readonly instanceId: string;
  /** Numbers that rise, over restarts too; undefined while none is to be had, and then nothing is pushed. */
  readonly nextVersion: () => number | undefined;
  /** An id that no ledger of this cell ever had. */
  readonly newLedgerId: () => string;
  /** Devices that have left the plan for good. */
  readonly onExpired?: (deviceIds: readonly string[]) => void;
}

/** The devices of a cell: what is known of each, which are connected, and their accounts of accuracy balance. */
export class CellDevices {
  readonly #options: CellDevicesOptions;
  readonly members = new Members();
  readonly sessions: Sessions;
  #ledger: TransferLedger;

  constructor(options: CellDevicesOptions) {
    const { clock, times, instanceId, nextVersion, newLedgerId } = options;
    this.#options = options;
    this.sessions = new Sessions({ clock, renewMs: times.leaseMs / 2, instanceId, nextVersion });
    this.#ledger = createTransferLedger({ ledgerId: newLedgerId() });
  }

  get ledger(): TransferLedger {
    return this.#ledger;
  }

  /** A device as it was before a restart. */
  remember(hello: DeviceHello): void {
    this.members.join(hello, this.#options.clock.now());
  }

  /** A session of the same device that still stands ends. Throws ResourceExhausted when the cell is full. */
  join(hello: DeviceHello, link: AgentLink): void {
    const { deviceId } = hello;
    const { maxDevices } = this.#options;
    if (!this.members.get(deviceId) && this.members.size >= maxDevices)
      throw new ResourceExhausted(`the cell has ${maxDevices} devices, and takes no more (--max-devices)`);
    this.sessions.open(deviceId, link);
    this.members.join(hello);
    this.#openAccount(deviceId);
  }

  /** False when the session was replaced before. */
  leave(deviceId: string, link: AgentLink): boolean {
    if (!this.sessions.close(deviceId, link)) return false;
    this.#ledger.leave(deviceId);
    this.members.disconnect(deviceId, this.#options.clock.now());
    return true;
  }

  /** As `Members.report`. */
  report(deviceId: string, state: DeviceState): { urgent: boolean; renamed: boolean } {
    const told = this.members.report(deviceId, state);
    if (state.balance) this.#ledger.report(deviceId, state.balance);
    return told;
  }

  /** Devices whose grace has passed leave for good. */
  expire(): void {
    const { clock, times, onExpired } = this.#options;
    const expired = this.members.expire(clock.now(), times.graceMs);
    if (expired.length > 0) onExpired?.(expired);
  }

  /** For a new floor: accuracy was earned over the former one, and what is under way belongs to another account. */
  renewAccounts(): void {
    this.#ledger = createTransferLedger({ ledgerId: this.#options.newLedgerId() });
    for (const deviceId of this.sessions.deviceIds()) this.#openAccount(deviceId);
  }

  /** A device with a floor of its own has it for itself alone, and shares nothing. */
  #openAccount(deviceId: string): void {
    if (this.members.get(deviceId)?.hello.objective?.accuracyFloor !== undefined)
      this.#ledger.leave(deviceId);
    else this.#ledger.join(deviceId);
  }
}
