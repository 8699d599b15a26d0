import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../limits.ts';
import { batch } from '../store.fixture.ts';
import { Seen, type StoredSeen } from './seen.ts';

const sequencesOf = ({ batches }: ReturnType<Seen['draft']>) =>
  batches.map(({ records }) => records.map(({ sequence }) => sequence));

describe('Seen', () => {
  it('finds what is new in batches of one instance, each after the one before, and changes only when it is stored', () => {
    const seen = new Seen(defaultLimits);
    const batches = [batch([1, 2, 2]), batch([2, 4]), batch([1], { instanceId: 'j' })];
    expect(sequencesOf(seen.draft(batches))).toEqual([[1, 2], [4], [1]]);
    const draft = seen.draft(batches);
    expect(sequencesOf(draft)).toEqual([[1, 2], [4], [1]]);
    seen.commit(draft);
    expect(seen.draft(batches)).toMatchObject({ isNews: false });
    expect(['i', 'j', 'k'].map((instanceId) => seen.through({ deviceId: 'd', instanceId }))).toEqual([
      2, 1, 0,
    ]);
  });

  it('has news when only what is pending moves on', () => {
    const seen = new Seen(defaultLimits);
    const draft = seen.draft([batch([], { oldestPending: 7 })]);
    expect(draft.isNews).toBe(true);
    seen.commit(draft);
    expect(seen.through({ deviceId: 'd', instanceId: 'i' })).toBe(6);
    expect(seen.draft([batch([], { oldestPending: 7 })]).isNews).toBe(false);
  });

  it('is the same after it was stored, with what is ahead of gaps and who was heard last', () => {
    const seen = new Seen({ ...defaultLimits, maxStreams: 2 });
    for (const instanceId of ['a', 'b', 'a']) seen.commit(seen.draft([batch([1, 5], { instanceId })]));
    const stored = JSON.parse(JSON.stringify(seen)) as StoredSeen;
    const again = new Seen({ ...defaultLimits, maxStreams: 2 }, stored);
    expect(again.draft([batch([1, 2, 5], { instanceId: 'a' })])).toMatchObject({
      batches: [{ records: [{ sequence: 2 }] }],
    });
    again.commit(again.draft([batch([1], { instanceId: 'c' })]));
    expect(again.draft([batch([1], { instanceId: 'a' })]).isNews).toBe(false);
    expect(again.draft([batch([1], { instanceId: 'b' })]).isNews).toBe(true);
  });
});
