import type { Cell } from '@weir/domain';
import type { Retained } from '../beliefs/beliefs.ts';

/** Members kept, those that have left included, for each of the most that were ever present at once. */
const keptPerPresent = 2;
/** Members that are kept however few are present, where as many ever were. */
const mostKept = 1_024;

/** JSON form of a `Membership`: most present at once, and all that are kept, the longest unseen first. */
export interface MembershipState {
  readonly devices: { readonly most: number; readonly recent: readonly string[] };
  readonly nodes: { readonly most: number; readonly recent: readonly string[] };
}

/**
 * Whose beliefs are kept: the members that were seen last, up to twice as many as were ever present at once and, beyond a
 * thousand, as are present now. So a device that restarts, or a whole cell that loses its network, finds its beliefs again,
 * and neither generations of devices add up nor does a crowd of made-up ones stay.
 */
export class Membership implements Retained {
  readonly #devices = new Recent();
  readonly #nodes = new Recent();

  device = (deviceId: string): boolean => this.#devices.has(deviceId);
  node = (nodeId: string): boolean => this.#nodes.has(nodeId);

  /** True when somebody is to be forgotten. */
  see({ devices, nodes }: Cell): boolean {
    const device = this.#devices.see(devices.map(({ id }) => id));
    const node = this.#nodes.see(nodes.map(({ id }) => id));
    return device || node;
  }

  state(): MembershipState {
    return { devices: this.#devices.state(), nodes: this.#nodes.state() };
  }

  restore({ devices, nodes }: MembershipState): void {
    this.#devices.restore(devices);
    this.#nodes.restore(nodes);
  }
}

/** Names in the order in which they were last seen. */
class Recent {
  #most = 0;
  #names = new Set<string>();

  has(name: string): boolean {
    return this.#names.has(name);
  }

  see(present: readonly string[]): boolean {
    this.#most = Math.max(this.#most, present.length);
    for (const name of present) {
      this.#names.delete(name);
      this.#names.add(name);
    }
    const kept = keptPerPresent * Math.min(this.#most, Math.max(present.length, mostKept / keptPerPresent));
    const excess = this.#names.size - kept;
    if (excess <= 0) return false;
    for (const name of [...this.#names].slice(0, excess)) this.#names.delete(name);
    return true;
  }

  state() {
    return { most: this.#most, recent: [...this.#names] };
  }

  restore({ most, recent }: { readonly most: number; readonly recent: readonly string[] }): void {
    this.#most = most;
    this.#names = new Set(recent);
  }
}
