import {
  type Context,
  ROOT_CONTEXT,
  context as active,
  createTraceState,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import type { common } from '@weir/proto';

/** Values of the W3C headers `traceparent` and `tracestate`; empty when not traced. */
export type TraceContextFields = Pick<common.TraceContext, 'traceparent' | 'tracestate'>;

/** The span of `context` (default: the active one) as fields of a message. Source: W3C Trace Context, level 1. */
export function injectTraceContext(context: Context = active.active()): common.TraceContext {
  // The common case: not traced.
  if (context === ROOT_CONTEXT) return { traceparent: '', tracestate: '' };
  const span = trace.getSpanContext(context);
  if (!span || !isSpanContextValid(span)) return { traceparent: '', tracestate: '' };
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    tracestate: span.traceState?.serialize() ?? '',
  };
}

/** A context whose span is the remote one of the fields; the root context when there is none or it is malformed. */
export function extractTraceContext(fields: TraceContextFields | undefined): Context {
  if (!fields?.traceparent) return ROOT_CONTEXT;
  // Versions after 00 may append fields; version ff is forbidden.
  const match = /^(?!ff|00.{53}.)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(
    fields.traceparent,
  );
  if (!match) return ROOT_CONTEXT;
  const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
  const span = {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16),
    isRemote: true,
    ...(fields.tracestate ? { traceState: createTraceState(firstOf(fields.tracestate)) } : {}),
  };
  return isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
}

/** Most members of a tracestate; those at its end are the oldest. */
const mostMembers = 32;

/** createTraceState would keep the last of more, in reverse. */
const firstOf = (tracestate: string) => tracestate.split(',').slice(0, mostMembers).join(',');
