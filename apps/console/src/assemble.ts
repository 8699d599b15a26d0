import type { agent, common, policy } from '@weir/proto';
import { type MeasuredShare, knownAccuracy } from '@weir/cell';
import { tierName } from '@weir/wire';
import type { AgentView, CellState } from './cell-state.ts';
import { type BelowFloor, isBelow, isPaid } from './floor.ts';
import { round } from './live-frames.ts';
import type { SeenNode } from './sources.ts';
import type {
  BelowFloorView,
  DeviceView,
  KnownAccuracyView,
  LearnerView,
  LinkView,
  LoadView,
  MeasuredView,
  NodeView,
  PlacementView,
  Point,
  ShareView,
  Snapshot,
} from './snapshot.ts';

/** Everything known about a cell now, as the page shows it. */
export function assemble(state: CellState, now: number): Snapshot {
  const { policy, telemetry: nodes, frames, agents, belowFloor } = state;
  const recent = frames.recent(now);
  const known = { agents, belowFloor };
  return {
    at: Math.round(now),
    cellId: state.cellId,
    services: { policy: policy.connected, telemetry: nodes?.connected ?? false },
    hasFrames: frames.seen,
    mayControl: state.mayControl,
    learner: learnerView(state),
    learners: policy.learners,
    floorRange: rangeView(policy.status?.floorRange),
    belowFloor: cellBelowFloor(state, belowFloor, recent?.expectedAccuracy ?? null),
    recent,
    devices: deviceIds(state, agents).map((id) => deviceView(id, state, known, now)),
    nodes: nodeViews(state, agents),
    links: linkViews(state, agents, now),
    traces: frames.traces(),
    events: state.events,
  };
}

/** One second of the charts. */
export function pointOf(state: CellState, now: number): Point {
  const recent = state.frames.recent(now);
  const answered = recent !== null && recent.framesPerSecond > 0;
  const learner = learnerView(state);
  return {
    at: Math.round(now),
    meanMs: answered ? recent.meanMs : null,
    p50Ms: state.frames.medianMs(now),
    p95Ms: answered ? recent.p95Ms : null,
    energyJ: answered ? recent.energyJ : null,
    hopsMs: answered ? recent.hopsMs : null,
    expectedAccuracy: recent?.expectedAccuracy ?? expectedByAgents(state),
    right: recent?.right ?? null,
    // 0 is no floor.
    floor: learner?.floor || null,
    explorationShare: learner?.explorationShare ?? null,
    predictionError: learner?.predictionError ?? null,
  };
}

type Agents = ReadonlyMap<string, AgentView>;

const belowView = (below: BelowFloor): BelowFloorView => ({ reason: below.reason, paid: isPaid(below) });

const rangeView = (range: policy.AccuracyRange | undefined) =>
  range ? { least: round(range.least, 4), most: round(range.most, 4) } : null;

/** What keeps devices from their floor comes before what is paid for; a cell may as well ask for more than it can attain. */
function cellBelowFloor(
  { policy: { status } }: CellState,
  devices: ReadonlyMap<string, BelowFloor>,
  expected: number | null,
): BelowFloorView | null {
  const floor = status?.objective?.accuracyFloor ?? 0;
  const most = status?.floorRange?.most;
  if (most !== undefined && isBelow(most, floor))
    return {
      reason: `the variants and tiers at hand attain ${(most * 100).toFixed(1)} % at best`,
      paid: false,
    };
  const found = [...devices.values()];
  const reason = found.find((below) => !isPaid(below)) ?? found[0];
  const concerns = reason && (!isPaid(reason) || (expected !== null && isBelow(expected, floor)));
  return concerns ? belowView(reason) : null;
}

/** Devices that any source knows, in a stable order. */
function deviceIds({ policy, telemetry: nodes, emulation }: CellState, agents: Agents): string[] {
  const ids = new Set([
    ...(emulation.state?.devices.map(({ id }) => id) ?? []),
    ...agents.keys(),
    ...(policy.status?.devices.map(({ deviceId }) => deviceId) ?? []),
    ...[...(nodes?.nodes.values() ?? [])].filter(isDevice).map(({ report }) => report.nodeId),
  ]);
  return [...ids].sort(byNumber).slice(0, 64);
}

const isDevice = ({ report }: SeenNode) => tierName(report.tier) === 'device';
const byNumber = new Intl.Collator('en', { numeric: true }).compare;

function deviceView(
  id: string,
  { policy, telemetry: nodes, frames, emulation }: CellState,
  { agents, belowFloor }: { agents: Agents; belowFloor: ReadonlyMap<string, BelowFloor> },
  now: number,
): DeviceView {
  const own = agents.get(id);
  const below = belowFloor.get(id);
  const plan = policy.status?.devices.find(({ deviceId }) => deviceId === id);
  const status = own?.answers ? own.status : undefined;
  const load =
    status?.targets.find(({ nodeId }) => nodeId === id)?.load ??
    nodes?.nodes.get(id)?.report.load ??
    undefined;
  return {
    id,
    answers: own ? own.answers : null,
    orchestrated: status?.policyConnected ?? plan?.connected ?? false,
    familyFault: plan?.familyFault || null,
    planned: placementView(plan?.planned ?? status?.planned),
    plannedMs: plan && plan.predictedMs > 0 ? round(plan.predictedMs) : null,
    balance: rounded(status?.balance ?? plan?.balance, 2),
    accuracyPriceMs: rounded(status?.accuracyPriceMs),
    answered: status ? Number(status.answered) : null,
    failed: status ? Number(status.failed) : null,
    expectedAccuracy: status && status.answered > 0n ? round(status.meanExpectedAccuracy, 4) : null,
    measured: measuredView(status?.measured),
    load: loadView(load),
    recent: frames.recent(now, id),
    peerFaults: status?.peerFaults.map(({ peer, text }) => ({ peer, text })) ?? [],
    belowFloor: below ? belowView(below) : null,
    slowdown: emulation.state?.devices.find((device) => device.id === id)?.slowdown ?? null,
  };
}

const measuredView = (measured: agent.MeasuredAccuracy | undefined): MeasuredView | null =>
  measured
    ? {
        labelled: Number(measured.labelled),
        right: round(measured.right, 4),
        promised: round(measured.promised, 4),
        lowerBound: round(measured.lowerBound, 4),
        level: measured.level,
      }
    : null;

/** The shared nodes: from Telemetry, else as the agents see them. */
function nodeViews({ telemetry: source }: CellState, agents: Agents): NodeView[] {
  const views = new Map<string, NodeView>();
  for (const { status } of agents.values())
    for (const { nodeId, tier, load } of status.targets)
      if (nodeId !== status.deviceId)
        views.set(nodeId, {
          id: nodeId,
          tier: tierName(tier),
          liveness: 'unknown',
          draining: load?.draining ?? false,
          load: loadView(load),
          cpu: null,
          powerW: null,
        });
  for (const node of source?.nodes.values() ?? []) {
    const { report, liveness } = node;
    if (isDevice(node)) continue;
    views.set(report.nodeId, {
      id: report.nodeId,
      tier: tierName(report.tier),
      liveness,
      draining: report.load?.draining ?? false,
      load: loadView(report.load),
      cpu: rounded(report.host?.cpuUtilization, 2),
      powerW: rounded(report.energy?.powerW),
    });
  }
  const order = ['edge', 'cloud'];
  return [...views.values()]
    .sort((a, b) => order.indexOf(a.tier) - order.indexOf(b.tier) || byNumber(a.id, b.id))
    .slice(0, 16);
}

/** Links between every device and remote node that any source pairs. */
function linkViews(state: CellState, agents: Agents, now: number): LinkView[] {
  const { telemetry: nodes, emulation, frames } = state;
  const flows = frames.flows(now);
  const views = new Map<string, LinkView>();
  const put = (deviceId: string, nodeId: string, facts: Partial<LinkView>) => {
    const key = `${deviceId} ${nodeId}`;
    const known = views.get(key) ?? {
      deviceId,
      nodeId,
      reachable: null,
      fault: null,
      roundTripMs: null,
      ejection: null,
      identityFault: null,
      framesPerSecond: frames.seen ? round(flows.get(key) ?? 0) : null,
      condition: null,
    };
    views.set(key, { ...known, ...facts });
  };
  for (const { deviceId, nodeId, condition } of emulation.state?.links ?? [])
    put(deviceId, nodeId, { condition });
  for (const node of nodes?.nodes.values() ?? [])
    if (isDevice(node))
      for (const { peerNodeId, roundTripMs, reachable } of node.report.links)
        put(node.report.nodeId, peerNodeId, {
          reachable,
          roundTripMs: roundTripMs > 0 ? round(roundTripMs) : null,
        });
  // The agent's own view is the newest.
  for (const { status, answers } of agents.values())
    if (answers)
      for (const { nodeId, reachable, roundTripMs, ejection, identityFault } of status.targets)
        if (nodeId !== status.deviceId)
          put(status.deviceId, nodeId, {
            reachable,
            fault: (!reachable && status.peerFaults.find(({ peer }) => peer === nodeId)?.text) || null,
            ejection: ejection || null,
            identityFault: identityFault || null,
            roundTripMs: roundTripMs > 0 ? round(roundTripMs) : null,
          });
  return [...views.values()].slice(0, 1_024);
}

function learnerView({ policy }: CellState): LearnerView | null {
  const { status } = policy;
  if (!status) return null;
  return {
    name: status.learner,
    outcomes: Number(status.outcomes),
    plans: Number(status.plans),
    exploringPlans: Number(status.exploringPlans),
    exploringFrames: Number(status.exploringFrames),
    explorationShare: round(status.explorationShare, 4),
    predictionError: round(status.predictionError, 4),
    driftAlarms: Number(status.driftAlarms),
    priorCells: Number(status.priorCells),
    planningMs: round(status.planningMs, 2),
    floor: status.objective?.accuracyFloor ?? 0,
    deadlineMs: status.objective?.deadlineMs ?? 0,
    allowedTiers: status.objective?.allowedTiers.map(tierName) ?? [],
    accuracy: accuracyView(status.accuracy),
  };
}

function accuracyView(wire: policy.CellAccuracy | undefined): KnownAccuracyView {
  const { truths, audits, correction } = knownAccuracy(wire);
  return {
    truths: truths && shareView(truths),
    audits: audits && shareView(audits),
    correction: correction && {
      shortfall: round(correction.shortfall, 4),
      firsts: correction.firsts.map(({ variant, loss, share }) => ({
        variant,
        loss: round(loss, 2),
        share: round(share, 2),
      })),
    },
  };
}

const shareView = ({ count, measured, promised, lowerBound, level }: MeasuredShare): ShareView => ({
  count,
  measured: round(measured, 4),
  promised: promised === null ? null : round(promised, 4),
  lowerBound: round(lowerBound, 4),
  level,
});

/** Mean over all frames that the agents answered. */
function expectedByAgents({ agents }: CellState): number | null {
  let [frames, sum] = [0, 0];
  for (const { status } of agents.values()) {
    const answered = Number(status.answered);
    frames += answered;
    sum += answered * status.meanExpectedAccuracy;
  }
  return frames > 0 ? round(sum / frames, 4) : null;
}

const placementView = (placement: common.Placement | undefined): PlacementView | null =>
  placement ? { tier: tierName(placement.tier), nodeId: placement.nodeId, variant: placement.variant } : null;

const loadView = (load: common.NodeLoad | undefined): LoadView | null =>
  load
    ? {
        slots: load.slots,
        inService: load.inService,
        queued: load.queued,
        backlogMs: round(load.backlogMs),
        utilization: round(load.utilization, 3),
      }
    : null;

const rounded = (value: number | undefined, digits = 1) =>
  value === undefined ? null : round(value, digits);
