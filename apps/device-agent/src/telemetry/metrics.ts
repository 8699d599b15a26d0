import type { Outcome } from '@weir/domain';
import { type HopName, hopNames, type Meter, secondsBuckets } from '@weir/telemetry';
import type { FrameAnswer, Look } from '../frames/frame.ts';
import { type AuditResult, auditResults } from '../audits/audits.ts';
import { agree } from '../frames/second-look.ts';

/** What the gauges show when they are read. */
export interface AgentState {
  readonly framesInFlight: number;
  /** Of the device's own processor. */
  readonly queued: number;
  readonly inService: number;
  readonly outcomesPending: number;
  readonly outcomesDropped: number;
  /** Frames × accuracy. */
  readonly balance: number;
  readonly floor: number;
  /** Undefined before the first truth. */
  readonly measured:
    { readonly right: number; readonly promised: number; readonly lowerBound: number } | undefined;
  /** Undefined without a policy. */
  readonly policyConnected: boolean | undefined;
  readonly targets: readonly {
    readonly nodeId: string;
    readonly tier: string;
    readonly reachable: boolean;
    /** Variants that are other models there than this device knows by their names. */
    readonly foreignVariants: number;
  }[];
}

/** The device's figures; names, units and labels are described in docs/metrics.md. */
export interface AgentMetrics {
  /** `slack`: accuracy promised less the floor in force. */
  answered(answer: FrameAnswer, slack: number): void;
  /** A frame got no answer; `status` is a gRPC status name. */
  dropped(status: string): void;
  /** What a picture truly showed was reported. */
  truth(result: TruthResult): void;
  /** An audit has ended; `energyJ`: what it cost. */
  audited(result: AuditResult, energyJ: number): void;
  /** One attempt, failed or not. */
  attempted(outcome: Outcome): void;
  /** A directive arrived. `planned`: a key of its placement. */
  directed(planned: string): void;
  /** The policy acknowledged an outcome of this age, ms. */
  acknowledged(ageMs: number): void;
  /** A long-lived stream is opening; each time but the first is a reconnection. */
  opening(peer: 'worker' | 'policy' | 'telemetry', nodeId?: string): void;
  /** Gauges show this from now on. */
  watch(state: () => AgentState): void;
}

const truthResults = ['taken', 'refused'] as const;
type TruthResult = (typeof truthResults)[number];

/** Upper bounds, J. */
const energyBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
/** Upper bounds, inferences. */
const concurrencyBuckets = [0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128];

/** Frames over which the slack above the floor is averaged. */
const slackWindow = 100;

export function createAgentMetrics(meter: Meter): AgentMetrics {
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, {
      unit: 's',
      description,
      advice: { explicitBucketBoundaries: secondsBuckets },
    });
  const response = seconds('weir.response.duration', 'Response times of answered frames.');
  const energy = meter.createHistogram('weir.response.energy', {
    unit: 'J',
    description: 'Energy of answered frames, all looks together.',
    advice: { explicitBucketBoundaries: energyBuckets },
  });
  const concurrency = meter.createHistogram('weir.response.concurrency', {
    unit: '{inference}',
    description: 'Inferences in service and queued at the node that answered, as the frame arrived there.',
    advice: { explicitBucketBoundaries: concurrencyBuckets },
  });
  const hop = seconds(
    'weir.hop.duration',
    'Where the response times went; the hops of a frame add up to its response time.',
  );
  const predictionError = seconds(
    'weir.prediction.error',
    'How far response times were from what the agent expected.',
  );
  const outcomeLag = seconds(
    'weir.outcome.lag',
    'From the end of an inference until the policy has its outcome.',
  );
  const count = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description });
  const frames = count('weir.frames', '{frame}', 'Frames answered, by placement and reason.');
  const secondLooks = count(
    'weir.second_looks',
    '{frame}',
    'Frames whose first look was unsure, by how the second ended.',
  );
  const truths = count('weir.truths', '{truth}', 'Truths that applications reported of their pictures.');
  const hedges = count(
    'weir.hedges',
    '{frame}',
    'Answered frames that the device and a target were asked for at the same time, by whose answer came first.',
  );
  const audits = count(
    'weir.audits',
    '{audit}',
    'Answers that were drawn for an audit, by what became of it.',
  );
  const auditEnergy = count('weir.audits.energy', 'J', 'Energy that audits took.');
  const dropped = count('weir.frames.dropped', '{frame}', 'Frames without an answer, by gRPC status.');
  const failed = count('weir.attempts.failed', '{attempt}', 'Failed attempts, by gRPC status.');
  const changes = count(
    'weir.placement.changes',
    '{change}',
    'Directives that changed the planned placement.',
  );
  const reconnects = count('weir.stream.reconnects', '{attempt}', 'Attempts to open a stream again.');

  // Start at 0, so that Prometheus sees the first failure as an increase.
  changes.add(0);
  for (const ended of secondLookEnds) secondLooks.add(0, { 'weir.result': ended });
  for (const wonBy of ['target', 'device', 'neither']) hedges.add(0, { 'weir.result': wonBy });
  auditEnergy.add(0);
  for (const result of auditResults) audits.add(0, { 'weir.result': result });
  for (const result of truthResults) truths.add(0, { 'weir.result': result });
  for (const status of [
    'CANCELLED',
    'DEADLINE_EXCEEDED',
    'INVALID_ARGUMENT',
    'RESOURCE_EXHAUSTED',
    'UNAVAILABLE',
  ])
    dropped.add(0, { 'error.type': status });
  for (const tier of ['device', 'edge', 'cloud'])
    for (const status of ['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE'])
      failed.add(0, { 'weir.tier': tier, 'error.type': status });

  /** Of the last answered frames, in no order. */
  const slacks: number[] = [];
  let answered = 0;
  const opened = new Set<string>();
  let lastPlanned: string | undefined;

  return {
    answered({ placement, reason, hops, responseMs, energyJ, concurrency: load, looks, hedge }, slack) {
      const { tier, variant } = placement;
      const where = { 'weir.tier': tier, 'weir.variant': variant };
      frames.add(1, { ...where, 'weir.reason': reason });
      response.record(responseMs / 1_000, where);
      energy.record(energyJ, where);
      concurrency.record(load, where);
      const remote = looks.some(isRemote);
      for (const { name, field, ofNetwork } of hopFields)
        if (remote || !ofNetwork) hop.record(hops[field] / 1_000, { ...where, 'weir.hop': name });
      const ended = secondLookEnd(looks);
      if (ended) secondLooks.add(1, { 'weir.result': ended });
      if (hedge) hedges.add(1, { 'weir.result': hedge.wonBy });
      slacks[answered++ % slackWindow] = slack;
    },
    truth: (result) => truths.add(1, { 'weir.result': result }),
    audited(result, energyJ) {
      audits.add(1, { 'weir.result': result });
      auditEnergy.add(energyJ);
    },
    dropped: (status) => dropped.add(1, { 'error.type': status }),
    attempted({ placement: { tier }, failure, responseMs, predictedMs }) {
      if (failure !== undefined) return failed.add(1, { 'weir.tier': tier, 'error.type': failure });
      // Too late and too early are different problems.
      const direction = responseMs > predictedMs ? 'late' : 'early';
      const errorMs = Math.abs(responseMs - predictedMs);
      predictionError.record(errorMs / 1_000, { 'weir.tier': tier, 'weir.direction': direction });
    },
    directed(planned) {
      if (lastPlanned !== undefined && planned !== lastPlanned) changes.add(1);
      lastPlanned = planned;
    },
    acknowledged: (ageMs) => outcomeLag.record(Math.max(0, ageMs) / 1_000),
    opening(peer, nodeId) {
      const key = `${peer} ${nodeId ?? ''}`;
      const labels = { 'weir.peer': peer, ...(nodeId === undefined ? {} : { 'weir.peer.id': nodeId }) };
      reconnects.add(opened.has(key) ? 1 : 0, labels);
      opened.add(key);
    },
    watch(state) {
      const gauge = (
        name: string,
        unit: string,
        description: string,
        value: (now: AgentState) => number | undefined,
      ) =>
        meter.createObservableGauge(name, { unit, description }).addCallback((result) => {
          const shown = value(state());
          if (shown !== undefined) result.observe(shown);
        });
      gauge('weir.frames.in_flight', '{frame}', 'Frames in flight.', (now) => now.framesInFlight);
      gauge(
        'weir.queue.depth',
        '{inference}',
        "Waiting for the device's own processor.",
        (now) => now.queued,
      );
      gauge('weir.in_service', '{inference}', 'On the own processor.', (now) => now.inService);
      gauge('weir.outcomes.pending', '{outcome}', 'Not yet acknowledged.', (now) => now.outcomesPending);
      gauge('weir.accuracy.balance', '{frame}', 'Accuracy earned and not spent.', (now) => now.balance);
      gauge('weir.accuracy.floor', '1', 'Lowest average accuracy allowed.', (now) => now.floor);
      gauge(
        'weir.accuracy.measured',
        '1',
        'Share of the answers with a known truth that were right.',
        ({ measured }) => measured?.right,
      );
      gauge(
        'weir.accuracy.promised',
        '1',
        'Mean accuracy that the same answers were promised.',
        ({ measured }) => measured?.promised,
      );
      gauge(
        'weir.accuracy.lower_bound',
        '1',
        'Lower confidence bound of their accuracy.',
        ({ measured }) => measured?.lowerBound,
      );
      gauge('weir.policy.connected', '{connection}', '1 while the policy answers.', ({ policyConnected }) =>
        policyConnected === undefined ? undefined : Number(policyConnected),
      );
      meter
        .createObservableCounter('weir.outcomes.dropped', {
          unit: '{outcome}',
          description: 'Dropped because too many were pending.',
        })
        .addCallback((result) => result.observe(state().outcomesDropped));
      meter
        .createObservableGauge('weir.floor.slack', {
          unit: '1',
          description: `Mean accuracy promised less the floor, over the last ${slackWindow} answered frames.`,
        })
        .addCallback((result) => {
          if (slacks.length > 0)
            result.observe(slacks.reduce((sum, slack) => sum + slack, 0) / slacks.length);
        });
      meter
        .createObservableGauge('weir.target.reachable', {
          unit: '{target}',
          description: '1 while frames may run there.',
        })
        .addCallback((result) => {
          for (const { nodeId, tier, reachable } of state().targets)
            result.observe(Number(reachable), { 'weir.tier': tier, 'weir.peer.id': nodeId });
        });
      meter
        .createObservableGauge('weir.target.foreign_variants', {
          unit: '{variant}',
          description:
            'Variants that get no frames there: they are other models than this device knows by their names.',
        })
        .addCallback((result) => {
          for (const { nodeId, tier, foreignVariants } of state().targets)
            result.observe(foreignVariants, { 'weir.tier': tier, 'weir.peer.id': nodeId });
        });
    },
  };
}

const networkHops: ReadonlySet<HopName> = new Set(['uplink', 'downlink']);
const hopFields = hopNames.map((name) => ({
  name,
  field: `${name}Ms` as const,
  ofNetwork: networkHops.has(name),
}));
const isRemote = ({ placement, failure }: Look) =>
  placement !== undefined && placement.tier !== 'device' && failure === undefined;

/** How the second look at a frame may end; `unplaced`: there was neither time nor place for it. */
const secondLookEnds = ['agreed', 'disagreed', 'failed', 'unplaced'] as const;

/** Undefined for a frame whose first look was sure enough. */
function secondLookEnd(looks: readonly Look[]): (typeof secondLookEnds)[number] | undefined {
  const [first, ...again] = looks;
  const last = again.at(-1);
  if (!last) return undefined;
  if (!last.placement) return 'unplaced';
  if (last.failure !== undefined) return 'failed';
  return agree(first?.classification, last.classification) ? 'agreed' : 'disagreed';
}
