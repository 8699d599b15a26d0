import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../experience.ts';
import { CellLane, merged } from './cell-lane.ts';
import type { NatsCell } from './nats-cell.ts';

/** A lane to a cell that stores at once; what it did. */
function lane(onStarted: (count: number) => void = () => {}) {
  const clock = new FakeClock();
  const done: string[] = [];
  const cell: Pick<NatsCell, 'append' | 'change'> = {
    append: async (batches) => {
      done.push(`${clock.now()} ms: ${batches.map(({ deviceId }) => deviceId).join(' ')}`);
      return batches.map(() => ({ added: [], through: 0 }));
    },
    change: async () => void done.push(`${clock.now()} ms: a change`),
  };
  const made = new CellLane(cell as NatsCell, clock, onStarted);
  const append = (deviceId: string) =>
    made.append({ cellId: 'c', deviceId, instanceId: 'i', oldestPending: 0, records: [] } satisfies Batch);
  return { clock, done, lane: made, append };
}

describe('outcomes of a cell', () => {
  it('go at once after a pause; else they gather for 100 ms after the last message', async () => {
    const { clock, done, append } = lane();
    await append('a');
    const b = append('b');
    clock.advance(40);
    const c = append('c');
    clock.advance(60);
    await Promise.all([b, c]);
    clock.advance(500);
    await append('d');
    expect(done).toEqual(['0 ms: a', '100 ms: b c', '600 ms: d']);
  });

  it('do not wait where they can go at once', () => {
    const started: number[] = [];
    const { append } = lane((count) => started.push(count));
    void append('a');
    expect(started).toEqual([1]);
  });

  it('gather no longer when something waits behind them, or the store is closed', async () => {
    const { clock, done, lane: made, append } = lane();
    await append('a');
    const b = append('b');
    clock.advance(10);
    await made.change({});
    await b;
    const c = append('c');
    clock.advance(10);
    await Promise.all([made.idle(), c]);
    expect(done).toEqual(['0 ms: a', '10 ms: b', '10 ms: a change', '20 ms: c']);
  });
});

describe('changes that are made together', () => {
  it('leave what they leave one after another', () => {
    const [a, b] = ['a', 'b'].map((deviceId) => ({ deviceId, state: '[1]' }));
    const snapshot = (position: number) => ({ learner: 'planner', position, state: '{}' });
    expect(
      merged([
        { objective: '{"floor":1}', learner: 'dqn', joined: [a!, b!], snapshots: [snapshot(1)] },
        { objective: '{"floor":2}', left: ['a'], joinedAt: 7 },
        { joined: [{ deviceId: 'b', state: '[2]' }], left: ['c'], snapshots: [snapshot(2)] },
      ]),
    ).toEqual({
      objective: '{"floor":2}',
      learner: 'dqn',
      joinedAt: 7,
      joined: [{ deviceId: 'b', state: '[2]' }],
      left: ['a', 'c'],
      snapshots: [snapshot(2)],
    });
  });
});
