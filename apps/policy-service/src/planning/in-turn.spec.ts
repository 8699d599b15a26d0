import { FakeClock, type Steps } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { InTurn } from './in-turn.ts';
import { Turnstile } from './turnstile.ts';

function turns() {
  const clock = new FakeClock();
  const done: string[] = [];
  const inTurn = new InTurn({
    clock,
    turnstile: new Turnstile(clock),
    between: function* (): Steps<void> {
      done.push('between');
      yield;
    },
  });
  /** In two slices. */
  const work = (name: string) =>
    function* (): Steps<void> {
      done.push(`${name} 1`);
      yield 'rest';
      done.push(`${name} 2`);
    };
  return { clock, done, inTurn, work };
}

describe('what is done in turn', () => {
  it('begins at once, and the next when the one before is done', () => {
    const { clock, done, inTurn, work } = turns();
    inTurn.add(work('a'));
    inTurn.add(work('b'));
    expect(done).toEqual(['a 1']);
    expect(inTurn.isUnderWay).toBe(true);
    clock.advance(0);
    expect(done.filter((each) => each !== 'between')).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
    expect(done.indexOf('between')).toBe(2);
    expect(inTurn.isUnderWay).toBe(false);
  });

  it('waits once for its turn', () => {
    const { clock, done, inTurn, work } = turns();
    const b = work('b');
    inTurn.add(work('a'));
    inTurn.add(b);
    inTurn.add(b);
    clock.advance(0);
    expect(done.filter((each) => each === 'b 1')).toHaveLength(1);
    inTurn.add(b);
    expect(done.filter((each) => each === 'b 1')).toHaveLength(2);
  });

  it('can be given up, begun or not, with what is done between at once', () => {
    const { clock, done, inTurn, work } = turns();
    const [a, b] = [work('a'), work('b')];
    inTurn.add(a);
    inTurn.add(b);
    inTurn.giveUp(b);
    inTurn.giveUp(a);
    expect(done).toEqual(['a 1', 'between']);
    clock.advance(1_000);
    expect(done).toHaveLength(2);
  });

  it('can be done at once', () => {
    const { clock, done, inTurn, work } = turns();
    inTurn.add(work('a'));
    inTurn.add(work('b'));
    inTurn.finish();
    expect(done.filter((each) => each !== 'between')).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
    expect(inTurn.isUnderWay).toBe(false);
    clock.advance(1_000);
    inTurn.add(work('c'));
    expect(done.at(-1)).toBe('c 1');
  });

  it('goes on with the next where one throws', () => {
    const { clock, done, inTurn, work } = turns();
    const broken = function* (): Steps<void> {
      yield 'rest';
      throw new Error('broken');
    };
    inTurn.add(broken);
    inTurn.add(work('b'));
    expect(() => clock.advance(0)).toThrow('broken');
    clock.advance(0);
    expect(done).toContain('b 2');
  });
});
