import { describe, expect, it } from 'vitest';
import { FairTurns } from './fair-turns.ts';

describe('FairTurns', () => {
  it('are all of what is told where devices tell as much as each other', () => {
    const turns = new FairTurns();
    const taken = Array.from({ length: 100 }, () => turns.take('a') + turns.take('b'));
    expect(taken.slice(1).every((each) => each === 2)).toBe(true);
  });

  it('are of a device no more than others tell', () => {
    const turns = new FairTurns();
    let flooded = 0;
    for (let turn = 0; turn < 100; turn++) {
      expect(turns.take('a')).toBe(turn === 0 ? 0 : 1);
      for (let message = 0; message < 100; message++) flooded += turns.take('flood');
    }
    expect(flooded).toBe(100);
    expect(turns.take('flood', 1e6)).toBe(0);
  });

  it('are none of a device that is alone', () => {
    const turns = new FairTurns();
    expect([turns.take('a'), turns.take('a', 50)]).toEqual([0, 0]);
  });

  it('are saved, but not for ever', () => {
    const turns = new FairTurns();
    for (let turn = 0; turn < 5_000; turn++) turns.take('a');
    expect(turns.take('b', 1e6)).toBe(1_000);
  });

  it('are remembered of the devices that told last', () => {
    const turns = new FairTurns();
    turns.take('a', 10);
    turns.take('b', 4);
    turns.forget('b');
    expect(turns.take('b', 50)).toBe(14);
    for (let device = 0; device < 1_024; device++) turns.take(`device-${device}`);
    expect(turns.take('a', 2_000)).toBe(1_000);
  });
});
