import { type Clock, type Logger, type Random } from '@weir/base';
import type { agent, telemetry } from '@weir/proto';
import type { OwnCertificate, Security } from '@weir/rpc';
import { livenessFromWire } from '@weir/wire';
import { assemble, pointOf } from './assemble.ts';
import { type AgentView, type CellState, createHistory } from './cell-state.ts';
import { conditionsOf } from './conditions.ts';
import { CountedFrames } from './counted-frames.ts';
import type { Emulation } from './emulation.ts';
import { EventLog } from './event-log.ts';
import { belowFloor, type BelowFloor, isBelow, isPaid } from './floor.ts';
import { accuracyMs, LiveFrames } from './live-frames.ts';
import { NodeEvents } from './node-events.ts';
import { restoredEvents } from './restored-events.ts';
import type { Point, Snapshot } from './snapshot.ts';
import { type AgentSource, type PolicySource, watchPolicy, watchTelemetry } from './sources.ts';

export interface WatchedCellOptions {
  readonly cellId: string;
  readonly policy: string;
  readonly telemetry: string | undefined;
  readonly security: Security;
  /** Agents that are asked themselves, of whatever cell. */
  readonly agents: readonly AgentSource[];
  readonly emulation: Pick<Emulation, 'state'>;
  readonly mayControl: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A cell that is followed until disposed, whether a page shows it or not. */
export interface WatchedCell extends AsyncDisposable {
  readonly cellId: string;
  readonly policy: PolicySource;
  readonly events: EventLog;
  /** Frames that are reported one by one. */
  readonly frames: LiveFrames;
  readonly history: readonly Point[];
  snapshot(): Snapshot;
  /** Once a second: takes a reading and gives a point of the charts. `certificates`: the console's own. */
  look(certificates: readonly OwnCertificate[]): Point;
}

const runOf = ({ deviceId, instanceId }: agent.GetStatusResponse) => `${deviceId} ${instanceId}`;

/** Silence after which an agent is not heard any more, ms: as Telemetry calls a node stale. */
const silentMs = 3_000;

export function watchCell(options: WatchedCellOptions): WatchedCell {
  const { cellId, clock, random, logger, security, emulation, mayControl } = options;
  const events = new EventLog(() => clock.now());
  const nodeEvents = new NodeEvents((kind, text) => events.tell(kind, text));
  const tellRestored = restoredEvents((text) => void events.tell('info', text));
  const source = (address: string, name: string) => ({
    address,
    cellId,
    security,
    clock,
    random,
    logger,
    onConnected: (connected: boolean) =>
      void events.tell(connected ? 'good' : 'bad', connected ? `${name} is connected` : `${name} is silent`),
  });
  /** What each run of an agent said last: two of one device report by turns. */
  const runs = new Map<string, { readonly status: agent.GetStatusResponse; readonly heardAt: number }>();
  const heard = (nodes: readonly telemetry.NodeState[], first: boolean) => {
    const now = clock.now();
    nodeEvents.heard(nodes, { first, now });
    for (const { report, liveness } of nodes)
      if (report?.agent && livenessFromWire(liveness) === 'live')
        runs.set(runOf(report.agent), { status: report.agent, heardAt: now });
  };
  const policy = watchPolicy(source(options.policy, 'PolicyService'));
  const telemetry =
    options.telemetry === undefined
      ? undefined
      : watchTelemetry(source(options.telemetry, 'Telemetry'), heard);
  const frames = new LiveFrames();
  const counted = new CountedFrames();
  const history = createHistory();
  /** What the floor is, once it is known, and when it rose last, epoch ms. */
  let floor: { readonly value: number | undefined; readonly raisedAt: number } = {
    value: undefined,
    raisedAt: -Infinity,
  };

  /** By device: as Telemetry tells it, or as the agent itself does where it answers. */
  function agents(): Map<string, AgentView> {
    const views = new Map<string, AgentView>();
    // What was told before Telemetry fell silent says nothing of now.
    for (const { report, liveness, heardAt } of telemetry?.connected ? telemetry.nodes.values() : [])
      if (report?.agent)
        views.set(report.nodeId, {
          status: report.agent,
          answers: liveness === 'live',
          heardAt,
        });
    for (const { status, answers, heardAt } of options.agents)
      if (status?.cellId === cellId && (answers || !views.get(status.deviceId)?.answers))
        views.set(status.deviceId, { status, answers, heardAt });
    return views;
  }

  const state: CellState = {
    cellId,
    policy,
    telemetry,
    get agents() {
      return agents();
    },
    get frames() {
      return frames.seen ? frames : counted;
    },
    emulation,
    mayControl,
    get belowFloor() {
      return reasons(agents());
    },
    get events() {
      return events.all;
    },
  };

  /** Of the devices whose last answers are below their floor. */
  function reasons(known: ReadonlyMap<string, AgentView>): ReadonlyMap<string, BelowFloor> {
    const now = clock.now();
    const raised = now - floor.raisedAt < accuracyMs;
    const found = new Map<string, BelowFloor>();
    // An obeyed plan answers for the average over the devices.
    const all = state.frames.recent(now)?.expectedAccuracy;
    const holds = all !== undefined && !isBelow(all, floor.value ?? 0);
    for (const [deviceId, { status, answers }] of known) {
      if (!answers) continue;
      const expected = state.frames.recent(now, deviceId)?.expectedAccuracy ?? null;
      const below = belowFloor(status, { expected, raised });
      if (below && !(below.kind === 'obeyed' && holds)) found.set(deviceId, below);
    }
    return found;
  }

  return {
    cellId,
    policy,
    events,
    frames,
    history: history.all,
    snapshot: () => assemble(state, clock.now()),
    look(certificates) {
      const now = clock.now();
      if (policy.status) tellRestored(policy.status);
      const value = policy.status?.objective?.accuracyFloor ?? floor.value;
      const rises = value !== undefined && floor.value !== undefined && value > floor.value;
      floor = { value, raisedAt: rises ? now : floor.raisedAt };
      const known = agents();
      counted.keepOnly(new Set(known.keys()));
      for (const { status, answers, heardAt } of known.values()) if (answers) counted.add(status, heardAt);
      for (const { status, answers, heardAt } of options.agents)
        if (answers && status?.cellId === cellId) runs.set(runOf(status), { status, heardAt });
      for (const [run, { heardAt }] of runs) if (heardAt <= now - silentMs) runs.delete(run);
      const statuses = Array.from(runs.values(), ({ status }) => status);
      const unmet = [...reasons(known)].filter(([, below]) => !isPaid(below));
      events.stand(
        conditionsOf({ agents: statuses, certificates, belowFloor: new Map(unmet), now }),
        new Set(statuses.map(({ deviceId }) => deviceId)),
      );
      const point = pointOf(state, now);
      history.add(point);
      return point;
    },
    async [Symbol.asyncDispose]() {
      await telemetry?.[Symbol.asyncDispose]();
      await policy[Symbol.asyncDispose]();
    },
  };
}
