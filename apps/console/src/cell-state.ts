import type { agent } from '@weir/proto';
import type { Emulation } from './emulation.ts';
import type { BelowFloor } from './floor.ts';
import type { RecentFrames } from './live-frames.ts';
import type { EventView, Point } from './snapshot.ts';
import type { PolicySource, TelemetrySource } from './sources.ts';

/** What is known of a device's agent. */
export interface AgentView {
  readonly status: agent.GetStatusResponse;
  /** Whether it was heard lately. */
  readonly answers: boolean;
  /** When it said so, epoch ms. */
  readonly heardAt: number;
}

/** Everything the gateway knows about a cell. */
export interface CellState {
  readonly cellId: string;
  readonly policy: Pick<PolicySource, 'connected' | 'status' | 'learners'>;
  readonly telemetry: Pick<TelemetrySource, 'connected' | 'nodes'> | undefined;
  /** By device. */
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly frames: RecentFrames;
  readonly emulation: Pick<Emulation, 'state'>;
  readonly mayControl: boolean;
  /** Of the devices whose last answers are below their floor. */
  readonly belowFloor: ReadonlyMap<string, BelowFloor>;
  readonly events: readonly EventView[];
}

/** The newest `most` of something, oldest first. */
export class Newest<T> {
  readonly #items: T[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#most) this.#items.shift();
  }

  get all(): readonly T[] {
    return this.#items;
  }
}

/** Five minutes, a point a second. */
export const createHistory = () => new Newest<Point>(300);
