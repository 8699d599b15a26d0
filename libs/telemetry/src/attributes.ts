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
  /** `planned`, `explored`, `deviated` or `fallback`. */
  reason: 'weir.reason',
  /** Response time that the agent expected, ms. */
  predictedMs: 'weir.predicted_ms',
  /** Response time as the agent measured it, ms. */
  responseMs: 'weir.response_ms',
  /** Accuracy expected of the variant, 0..1. */
  expectedAccuracy: 'weir.accuracy.expected',
  /** Energy of the inference, J. */
  energyJ: 'weir.energy_j',
  /** Inferences in service and queued at the target on arrival, without this one. */
  concurrency: 'weir.concurrency',
  /** gRPC status name of a failure (OpenTelemetry's own name). */
  errorType: 'error.type',
} as const;

/** What is known of one inference; everything may be left out. Units as in `attribute`. */
export interface InferenceFacts {
  readonly deviceId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly tier?: string | undefined;
  readonly variant?: string | undefined;
  readonly directiveVersion?: number | undefined;
  readonly learner?: string | undefined;
  readonly reason?: string | undefined;
  readonly predictedMs?: number | undefined;
  readonly responseMs?: number | undefined;
  readonly expectedAccuracy?: number | undefined;
  readonly energyJ?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** The facts under their attribute names; those not given, or empty, are left out. */
export function attributesOf(facts: InferenceFacts): Attributes {
  const attributes: Attributes = {};
  for (const [fact, value] of Object.entries(facts) as [keyof InferenceFacts, string | number | undefined][])
    if (value !== undefined && value !== '') attributes[attribute[fact]] = value;
  return attributes;
}
