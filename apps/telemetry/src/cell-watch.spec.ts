import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellWatch } from './cell-watch.ts';

interface State {
  key: string;
  value: number;
  gone?: boolean;
}
const open = (states: State[] = []) => {
  let closed = 0;
  const watch = new CellWatch<State>(states, ({ key }) => key, { onClosed: () => closed++ });
  return { watch, closed: () => closed };
};

describe('cell watch', () => {
  it('gives only the newest state of each key, the newest first', () => {
    const { watch } = open([{ key: 'a', value: 0 }]);
    watch.changed({ key: 'b', value: 1 });
    watch.changed({ key: 'a', value: 2 });
    watch.changed({ key: 'a', value: 3 });
    expect(watch.take()).toEqual([
      { key: 'a', value: 3 },
      { key: 'b', value: 1 },
    ]);
    expect(watch.take()).toEqual([]);
  });

  it('skips what came and went between two reads', () => {
    const { watch } = open();
    watch.changed({ key: 'a', value: 1 });
    watch.removed({ key: 'a', value: 1 });
    expect(watch.take()).toEqual([]);
  });

  it('wakes its reader at a change, and at its end', async () => {
    const { watch, closed } = open();
    const first = watch.changes();
    watch.changed({ key: 'a', value: 1 });
    await first;
    watch.take();
    const second = watch.changes();
    watch[Symbol.dispose]();
    await second;
    watch[Symbol.dispose]();
    expect([watch.closed, closed()]).toEqual([true, 1]);
  });

  it('brings a watcher up to date at any reading pace, and holds no more than it must', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ type: fc.constant('change' as const), key }),
      fc.record({ type: fc.constant('remove' as const), key }),
      fc.record({ type: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { watch } = open();
        const actual = new Map<string, number>();
        const seen = new Map<string, number>();
        let value = 0;
        const take = () => {
          const states = watch.take();
          // Four keys: each at most once, whatever happened meanwhile.
          expect(new Set(states.map((state) => state.key)).size).toBe(states.length);
          for (const state of states) {
            if (!state.gone) seen.set(state.key, state.value);
            else expect(seen.delete(state.key), 'gone is told once, of what was told before').toBe(true);
          }
        };
        for (const { type, ...given } of steps) {
          if (type === 'take') {
            take();
            expect(seen).toEqual(actual);
            continue;
          }
          const { key } = given as { key: string };
          if (type === 'change') {
            actual.set(key, ++value);
            watch.changed({ key, value });
          } else if (actual.delete(key)) watch.removed({ key, value: -1, gone: true });
        }
      }),
    );
  });
});
