import type { DeviceState } from '@weir/domain';
import { stateDiffers } from './state-change.ts';

/** Time between two looks whether the state has changed, ms. */
export const statePeriodMs = 1_000;
/** The same, at least, where it may go with outcomes: they need not come like clockwork. */
const withOutcomesMs = 750;

/** When a policy is told how a device stands: once it has changed, and after a pause in any case. */
export class StateReports {
  readonly #state: () => DeviceState;
  #told: { readonly state: DeviceState; readonly at: number } | undefined;
  #pauseMs = 0;

  constructor(state: () => DeviceState) {
    this.#state = state;
  }

  /** A session begins: nothing has been told in it, and the policy may be an older one. */
  begin(): void {
    this.#told = undefined;
    this.#pauseMs = 0;
  }

  /** As the policy says, ms. 0: an older one, which takes no state with outcomes and wants it every second. */
  pauseAtMost(pauseMs: number): void {
    this.#pauseMs = pauseMs;
  }

  /** Whether the policy takes states with outcomes. */
  get withOutcomes(): boolean {
    return this.#pauseMs > 0;
  }

  /** The state, to be told now in a message of its own. */
  now(now: number): DeviceState {
    const state = this.#state();
    this.#told = { state, at: now };
    return state;
  }

  /** The same when that is due; undefined while the policy knows it well enough. */
  due(now: number): DeviceState | undefined {
    const told = this.#told;
    if (!told || this.#pauseMs === 0 || now - told.at >= this.#pauseMs) return this.now(now);
    const state = this.#state();
    if (!stateDiffers(state, told.state)) return undefined;
    this.#told = { state, at: now };
    return state;
  }

  /** What is due, to go with outcomes that are sent anyway; undefined too where it has just been told. */
  dueWithOutcomes(now: number): DeviceState | undefined {
    if (!this.withOutcomes || (this.#told && now - this.#told.at < withOutcomesMs)) return undefined;
    return this.due(now);
  }
}
