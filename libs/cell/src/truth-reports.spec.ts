import { FakeClock, Unavailable } from '@weir/base';
import { agent } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { startTruthReports } from './truth-reports.ts';

/** Reports to an agent that answers after `delayMs`, as long as it is not `down`. */
function setUp({ delayMs = 10 } = {}) {
  const clock = new FakeClock();
  const state = {
    down: false,
    calls: [] as string[][],
    measured: [] as (bigint | undefined)[],
    inFlight: 0,
    most: 0,
  };
  let labelled = 0n;
  const reports = startTruthReports({
    clock,
    client: {
      reportTruth: (truths) =>
        new Promise((resolve, reject) => {
          state.calls.push(truths.map(({ requestId }) => requestId));
          state.most = Math.max(state.most, ++state.inFlight);
          clock.after(delayMs, () => {
            state.inFlight--;
            if (state.down) return reject(new Unavailable('gone'));
            labelled += BigInt(truths.length);
            resolve(agent.ReportTruthResponse.fromPartial({ measured: { labelled } }));
          });
        }),
    },
    onMeasured: (measured) => state.measured.push(measured?.labelled),
  });
  const add = (...ids: (string | number)[]) => {
    for (const id of ids) reports.add({ requestId: String(id), label: 'bag' });
  };
  const dispose = async () => {
    const disposed = reports[Symbol.asyncDispose]();
    await clock.advanceAsync(60_000);
    await disposed;
  };
  return { clock, state, add, dispose };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('truth reports', () => {
  it('leave together once a second, and tell what the agent measured', async () => {
    const { clock, state, add } = setUp();
    add('f', 'g');
    await clock.advanceAsync(999);
    expect(state.calls).toEqual([]);
    await clock.advanceAsync(21);
    add('h');
    await clock.advanceAsync(1_000);
    await clock.advanceAsync(5_000);
    expect(state.calls).toEqual([['f', 'g'], ['h']]);
    expect(state.measured).toEqual([2n, 3n]);
  });

  it('leave one call at a time, none larger than an agent takes', async () => {
    const { clock, state, add } = setUp({ delayMs: 3_000 });
    add(...numbers(0, 2_500));
    await clock.advanceAsync(20_000);
    expect(state.calls.map((ids) => ids.length)).toEqual([1_000, 1_000, 500]);
    expect(state.most).toBe(1);
  });

  it('are all out when disposed', async () => {
    const { clock, state, add, dispose } = setUp();
    add(...numbers(0, 1_500));
    await dispose();
    expect(state.calls.flat()).toHaveLength(1_500);
    const { length } = state.calls;
    await clock.advanceAsync(10_000);
    expect(state.calls).toHaveLength(length);
  });

  it('do without what an agent could not take, and go on when it is back', async () => {
    const { clock, state, add, dispose } = setUp();
    state.down = true;
    add('f');
    await clock.advanceAsync(1_500);
    state.down = false;
    add('g');
    await clock.advanceAsync(1_000);
    expect(state.calls).toEqual([['f'], ['g']]);
    expect(state.measured).toEqual([1n]);
    state.down = true;
    add('h');
    await dispose();
  });

  it('do not pile up: the oldest of more than 10,000 are dropped', async () => {
    const { state, add, dispose } = setUp();
    add(...numbers(0, 10_500));
    await dispose();
    expect(state.calls.flat()).toHaveLength(10_000);
    expect(state.calls.flat()[0]).toBe('500');
  });
});
