import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { extractTraceContext, injectTraceContext } from './trace-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('trace context', () => {
  it('is the same after being taken from a message and put into the next', () => {
    const fields = { traceparent, tracestate: 'vendor=x,other=y' };
    const context = extractTraceContext(fields);
    expect(trace.getSpanContext(context)).toMatchObject({ isRemote: true, traceFlags: 1 });
    expect(injectTraceContext(context)).toEqual(fields);
  });

  it('keeps all flags, and the order of a state of any length', () => {
    const members = Array.from({ length: 40 }, (_, at) => `k${at}=v`);
    const fields = { traceparent: traceparent.replace(/01$/, '03'), tracestate: members.join(',') };
    const passedOn = injectTraceContext(extractTraceContext(fields));
    expect(passedOn.traceparent).toBe(fields.traceparent);
    expect(passedOn.tracestate).toBe(members.slice(0, 32).join(','));
  });

  it('is empty when there is no span', () => {
    expect(injectTraceContext(ROOT_CONTEXT)).toEqual({ traceparent: '', tracestate: '' });
    expect(injectTraceContext()).toEqual({ traceparent: '', tracestate: '' });
  });

  it('takes a later version of the header', () => {
    const later = extractTraceContext({ traceparent: `cc${traceparent.slice(2)}-what-ever`, tracestate: '' });
    expect(injectTraceContext(later).traceparent).toBe(traceparent);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['the forbidden version', `ff${traceparent.slice(2)}`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['an all-zero span id', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['upper case', traceparent.toUpperCase()],
    ['a field too many for its version', `${traceparent}-00`],
    ['a dash too many', `${traceparent}-`],
    ['a short trace id', '00-0af7-b7ad6b7169203331-01'],
  ])('ignores %s', (_what, bad) => {
    expect(extractTraceContext({ traceparent: bad, tracestate: '' })).toBe(ROOT_CONTEXT);
  });
});
