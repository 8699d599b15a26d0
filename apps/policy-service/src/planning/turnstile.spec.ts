import type { Clock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

/** A loop whose turns a test takes, and in which time passes by work alone. */
function start() {
  let now = 0;
  let due = new Set<() => void>();
  const clock: Clock = {
    now: () => now,
    after(_delayMs, callback) {
      due.add(callback);
      return () => void due.delete(callback);
    },
    every: () => () => {},
  };
  const done: string[] = [];
  /** Work that takes so long, ms. */
  const work =
    (name: string, ms = 0) =>
    () => {
      now += ms;
      done.push(name);
    };
  const turn = () => {
    done.push('-');
    const inThisTurn = due;
    due = new Set();
    for (const callback of inThisTurn) callback();
  };
  return { turnstile: new Turnstile(clock), done, work, turn };
}

describe('Turnstile', () => {
  it('lets work begin at once while a turn has time left, and the rest in later ones, in its order', () => {
    const { turnstile, done, work, turn } = start();
    turnstile.begin(work('a', 3));
    turnstile.begin(work('b', 3));
    turnstile.begin(work('c', 6));
    turnstile.rest(work('d', 3));
    turnstile.begin(work('e', 1));
    turnstile.begin(work('f', 9));
    turnstile.begin(work('g', 1));
    for (let at = 0; at < 4; at++) turn();
    turnstile.begin(work('h'));
    expect(done.join('')).toBe('ab-c-def-g-h');
  });

  it('does not do what was called off, by others who waited too', () => {
    const { turnstile, done, work, turn } = start();
    turnstile.rest(() => callOff());
    const callOff = turnstile.rest(work('a'));
    turn();
    turn();
    expect(done.join('')).toBe('--');
  });

  it('goes on after work that throws', () => {
    const { turnstile, done, work, turn } = start();
    const broken = () => {
      throw new Error('broken');
    };
    turnstile.rest(broken);
    turnstile.rest(work('a'));
    expect(turn).toThrow('broken');
    turn();
    expect(() => turnstile.begin(broken)).toThrow('broken');
    turnstile.begin(work('b'));
    expect(done.join('')).toBe('--ab');
  });
});
