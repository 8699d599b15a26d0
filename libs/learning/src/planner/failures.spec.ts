import { describe, expect, it } from 'vitest';
import { FailureWatch } from './failures.ts';

function watch(at = 1_000) {
  const failures = new FailureWatch();
  failures.tick(at);
  return failures;
}
const fail = (failures: FailureWatch, deviceId: string, times: number) => {
  for (let i = 0; i < times; i++) failures.observe('edge', deviceId, 'UNAVAILABLE');
};

describe('failure watch', () => {
  it('leaves a node out for who failed three times in a row, for ten seconds', () => {
    const failures = watch();
    fail(failures, 'a', 2);
    expect(failures.avoids('a', 'edge')).toBe(false);
    fail(failures, 'a', 1);
    expect([failures.avoids('a', 'edge'), failures.changed(), failures.changed()]).toEqual([
      true,
      true,
      false,
    ]);
    failures.tick(11_001);
    expect(failures.avoids('a', 'edge')).toBe(false);
  });

  it('takes a node from nobody else on the word of one, and from all on the word of two', () => {
    const failures = watch();
    fail(failures, 'a', 100);
    expect(failures.avoids('b', 'edge')).toBe(false);
    fail(failures, 'b', 3);
    expect(failures.avoids('c', 'edge')).toBe(true);
    failures.observe('edge', 'c', undefined);
    failures.observe('edge', 'd', undefined);
    expect([failures.avoids('c', 'edge'), failures.avoids('e', 'edge')]).toEqual([false, false]);
  });

  it('lets a success end a streak, and says nothing of faults of the request', () => {
    const failures = watch();
    fail(failures, 'a', 2);
    failures.observe('edge', 'a', undefined);
    fail(failures, 'a', 2);
    for (let i = 0; i < 9; i++) failures.observe('edge', 'a', 'INVALID_ARGUMENT');
    expect(failures.avoids('a', 'edge')).toBe(false);
  });

  it('keeps what remains of a pause, whatever the clock of the next process says', () => {
    const failures = watch(1e12);
    fail(failures, 'a', 3);
    const restored = new FailureWatch();
    restored.restore(failures.state());
    restored.tick(5);
    expect(restored.avoids('a', 'edge')).toBe(true);
    restored.tick(10_006);
    expect(restored.avoids('a', 'edge')).toBe(false);
  });

  it('keeps nobody out for longer than the pause when the clock is set back', () => {
    const failures = watch(1e9);
    fail(failures, 'a', 3);
    failures.tick(100);
    failures.tick(10_101);
    expect(failures.avoids('a', 'edge')).toBe(false);
  });

  it('is over when every device that had failed succeeds or is gone, before and after a restart', () => {
    for (const restarted of [false, true]) {
      const failures = watch();
      for (const deviceId of ['a', 'b', 'c']) fail(failures, deviceId, 3);
      failures.observe('edge', 'a', undefined);
      failures.retain({ device: (id) => id !== 'b', node: () => true });
      const now = restarted ? new FailureWatch() : failures;
      if (restarted) now.restore(failures.state());
      expect(now.state()).toHaveLength(2);
      now.observe('edge', 'c', undefined);
      expect(now.state()).toEqual([]);
    }
  });

  it('tells the same of a node as often as it is asked, and anew when something has changed', () => {
    const failures = watch();
    for (const deviceId of ['a', 'b']) fail(failures, deviceId, 3);
    expect([failures.avoids('new', 'edge'), failures.avoids('other', 'edge')]).toEqual([true, true]);
    failures.observe('edge', 'a', undefined);
    expect(failures.avoids('new', 'edge')).toBe(false);
    fail(failures, 'a', 3);
    expect(failures.avoids('new', 'edge')).toBe(true);
    failures.tick(11_001);
    expect(failures.avoids('new', 'edge')).toBe(false);
  });
});
