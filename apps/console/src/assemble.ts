import type { agent, common, policy, telemetry } from '@weir/proto';
import { type MeasuredShare, knownAccuracy } from '@weir/cell';
import { livenessFromWire, tierName } from '@weir/wire';
import type { CellState } from './cell-state.ts';
import { round } from './live-frames.ts';
import type {
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
  const { policy, telemetry: nodes, frames, config } = state;
  const agents = agentsById(state);
  return {
    at: Math.round(now),
    cellId: config.cellId,
    services: { policy: policy.connected, telemetry: nodes?.connected ?? false },
    hasFrames: frames.seen,
    mayControl: state.mayControl,
    learner: learnerView(state),
    learners: policy.learners,
    accuracy: state.accuracy,
    recent: frames.recent(now),
    devices: deviceIds(state, agents).map((id) => deviceView(id, state, agents.get(id), now)),
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
    hopsMs: answered ? recent.hopsMs : null,
    expectedAccuracy: recent?.expectedAccuracy ?? expectedByAgents(state),
    right: recent?.right ?? null,
    floor: learner?.floor ?? null,
    explorationShare: learner?.explorationShare ?? null,
    predictionError: learner?.predictionError ?? null,
  };
}

type Agents = ReadonlyMap<string, { status: agent.GetStatusResponse; answers: boolean }>;

function agentsById({ agents }: CellState): Agents {
  return new Map(
    agents.flatMap(({ status, answers }) =>
      status ? [[status.deviceId, { status, answers }] as const] : [],
    ),
  );
}

/** Devices that any source knows, in a stable order. */
function deviceIds({ policy, telemetry: nodes, emulation }: CellState, agents: Agents): string[] {
  const ids = new Set([
    ...(emulation.state?.devices.map(({ id }) => id) ?? []),
    ...agents.keys(),
    ...(policy.status?.devices.map(({ deviceId }) => deviceId) ?? []),
    ...[...(nodes?.nodes.values() ?? [])].filter(isDevice).map(({ report }) => report!.nodeId),
  ]);
  return [...ids].sort(byNumber).slice(0, 64);
}

const isDevice = ({ report }: telemetry.NodeState) => tierName(report?.tier) === 'device';
const byNumber = new Intl.Collator('en', { numeric: true }).compare;

function deviceView(
  id: string,
  { policy, telemetry: nodes, frames, emulation }: CellState,
  own: { status: agent.GetStatusResponse; answers: boolean } | undefined,
  now: number,
): DeviceView {
  const plan = policy.status?.devices.find(({ deviceId }) => deviceId === id);
  const status = own?.answers ? own.status : undefined;
  const load =
    status?.targets.find(({ nodeId }) => nodeId === id)?.load ??
    nodes?.nodes.get(id)?.report?.load ??
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
          load: loadView(load),
          cpu: null,
          powerW: null,
        });
  for (const node of source?.nodes.values() ?? []) {
    const { report, liveness } = node;
    if (!report || isDevice(node)) continue;
    views.set(report.nodeId, {
      id: report.nodeId,
      tier: tierName(report.tier),
      liveness: livenessFromWire(liveness) === 'live' ? 'live' : 'stale',
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
      for (const { peerNodeId, roundTripMs, reachable } of node.report!.links)
        put(node.report!.nodeId, peerNodeId, {
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
  for (const { status } of agents) {
    const answered = Number(status?.answered ?? 0n);
    frames += answered;
    sum += answered * (status?.meanExpectedAccuracy ?? 0);
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
