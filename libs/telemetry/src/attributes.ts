import type { Attributes } from '@opentelemetry/api';

/** Names of the attributes that Weir sets on spans and resources; the one list, described in docs/tracing.md. */
export const attribute = {
  /** Resource: the cell that the process belongs to. */
  cellId: 'weir.cell.id',
  /** The device that asked. */
  deviceId: 'weir.device.id',
  /** The caller's id of the frame. */
  requestId: 'weir.request.id',
  /** Resource and span: the node; on a span, the one that ran the model. */
  nodeId: 'weir.node.id',
  /** `device`, `edge` or `cloud`. */
  tier: 'weir.tier',
  /** Name of the model variant. */
  variant: 'weir.variant',
  /** Version of the directive in force; 0 when none was. */
  directiveVersion: 'weir.directive.version',
  /** Learner whose directive was in force. */
  learner: 'weir.learner',
  /** `planned`, `explored`, `deviated` or `fallback`; of a second look `unsure`. */
  reason: 'weir.reason',
  /** `explored` when the frame was placed to learn, `exploited` when it was placed where it seemed best. */
  decision: 'weir.decision',
  /** Probability with which the learner chose the placement, 0..1. */
  propensity: 'weir.propensity',
  /** True when the directive's lease had run out. */
  leaseExpired: 'weir.lease_expired',
  /** Cost of the chosen action by the dispatch rule, ms. */
  costMs: 'weir.cost_ms',
  /** The same of the planned action. */
  plannedCostMs: 'weir.planned_cost_ms',
  /** Response time that the agent expected, ms. */
  predictedMs: 'weir.predicted_ms',
  /** Response time as the agent measured it, ms. */
  responseMs: 'weir.response_ms',
  /** Response time less what was expected, ms. */
  predictionErrorMs: 'weir.prediction_error_ms',
  /** Accuracy promised, 0..1: of the variant, or with the second looks at the least certain frames. */
  expectedAccuracy: 'weir.accuracy.expected',
  /** Lowest average accuracy that the objective in force allows, 0..1. */
  floor: 'weir.accuracy.floor',
  /** Accuracy promised less the floor. */
  floorSlack: 'weir.floor.slack',
  /** Accuracy that the device has earned and not spent, after this frame, frames × accuracy. */
  balance: 'weir.accuracy.balance',
  /** Energy of the inference, J. */
  energyJ: 'weir.energy_j',
  /** Who tells queue and compute of a server that records no spans: its `statistics`, or the `client` alone. */
  timesFrom: 'weir.times_from',
  /** Inferences in service and queued at the target on arrival, without this one. */
  concurrency: 'weir.concurrency',
  /** Looks that answered: 2 where the first was unsure. */
  looks: 'weir.look.count',
  /** Of a look: 1 is the first. */
  lookNumber: 'weir.look.number',
  /** Top-1 minus top-2 probability that a look gave, 0..1. */
  margin: 'weir.look.margin',
  /** Of a second look: the margin of the first, which is why there is a second. */
  firstMargin: 'weir.look.first_margin',
  /** A first look with a smaller margin is to be followed by a second. */
  lookAgainBelow: 'weir.look.again_below',
  /** Of a second look: whether it said the same as the first. */
  agreed: 'weir.look.agreed',
  /** Of a first look that the device answered as well as its target: whose answer came first, `device` or `target`. */
  hedgeWonBy: 'weir.look.hedge_won_by',
  /** gRPC status name of a failure (OpenTelemetry's own name). */
  errorType: 'error.type',
  /** `grpc` (OpenTelemetry's own name). */
  rpcSystem: 'rpc.system.name',
  /** RPC that brought the frame, e.g. `weir.agent.v1.DeviceAgent/StreamInfer` (OpenTelemetry's own name). */
  rpcMethod: 'rpc.method',
  /** gRPC status name of the frame's answer (OpenTelemetry's own name). */
  rpcStatus: 'rpc.response.status_code',
} as const;

/** Facts about one inference, all optional. Units as in `attribute`. */
export interface InferenceFacts {
  readonly deviceId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly tier?: string | undefined;
  readonly variant?: string | undefined;
  readonly directiveVersion?: number | undefined;
  readonly learner?: string | undefined;
  readonly reason?: string | undefined;
  readonly decision?: string | undefined;
  readonly propensity?: number | undefined;
  readonly leaseExpired?: boolean | undefined;
  readonly costMs?: number | undefined;
  readonly plannedCostMs?: number | undefined;
  readonly predictedMs?: number | undefined;
  readonly responseMs?: number | undefined;
  readonly predictionErrorMs?: number | undefined;
  readonly expectedAccuracy?: number | undefined;
  readonly floor?: number | undefined;
  readonly floorSlack?: number | undefined;
  readonly balance?: number | undefined;
  readonly energyJ?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly looks?: number | undefined;
  readonly margin?: number | undefined;
  readonly firstMargin?: number | undefined;
  readonly lookAgainBelow?: number | undefined;
  readonly agreed?: boolean | undefined;
  readonly hedgeWonBy?: string | undefined;
  readonly rpcMethod?: string | undefined;
  readonly timesFrom?: string | undefined;
}

/** The facts under their attribute names, without missing and empty ones. */
export function attributesOf(facts: InferenceFacts): Attributes {
  const attributes: Attributes = {};
  for (const [fact, value] of Object.entries(facts) as [
    keyof InferenceFacts,
    string | number | boolean | undefined,
  ][])
    if (value !== undefined && value !== '') attributes[attribute[fact]] = value;
  return attributes;
}
