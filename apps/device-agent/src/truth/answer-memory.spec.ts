import { AlreadyExists, FakeClock, NotFound } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { AnswerMemory } from './answer-memory.ts';

const answer = (label: string) => ({ label, firstLabel: label, promised: 0.9, shortfall: 0 });
const setUp = (limit?: number) => {
  const clock = new FakeClock(1_000);
  return { clock, memory: new AnswerMemory({ clock, ...(limit === undefined ? {} : { limit }) }) };
};

describe('AnswerMemory', () => {
  it('recalls each answer once', () => {
    const { memory } = setUp();
    memory.add('f', answer('bag'));
    expect(memory.recall('f')).toEqual(answer('bag'));
    expect(() => memory.recall('f')).toThrow(AlreadyExists);
    expect(() => memory.recall('g')).toThrow(NotFound);
  });

  it('takes the newest of the answers with one id, whether or not an earlier one was recalled', () => {
    const { memory } = setUp();
    memory.add('f', answer('bag'));
    memory.add('f', answer('coat'));
    expect(memory.recall('f').label).toBe('coat');
    memory.add('f', answer('shirt'));
    expect(memory.recall('f').label).toBe('shirt');
  });

  it('forgets an answer after an hour', () => {
    const { clock, memory } = setUp();
    memory.add('f', answer('bag'));
    memory.add('g', answer('bag'));
    clock.advance(3_600_000);
    expect(memory.recall('f').label).toBe('bag');
    clock.advance(1);
    expect(() => memory.recall('g')).toThrow(/last 10000 answered within 60 minutes/);
  });

  it('gives up what an hour has made useless as soon as there is a new answer', () => {
    const { clock, memory } = setUp();
    for (const id of ['f', 'g']) memory.add(id, answer('bag'));
    clock.advance(3_600_001);
    memory.add('h', answer('bag'));
    expect(memory.size).toBe(1);
  });

  it('counts an answer under a repeated id among the newest', () => {
    const { memory } = setUp(2);
    for (const id of ['f', 'g', 'f', 'h']) memory.add(id, answer(id));
    expect(memory.recall('f').label).toBe('f');
    expect(() => memory.recall('g')).toThrow(NotFound);
  });

  it('holds no more than its limit, recalled answers included, and gives up the oldest', () => {
    const { memory } = setUp(1_000);
    for (let frame = 0; frame < 5_000; frame++) {
      memory.add(String(frame), answer('bag'));
      if (frame % 2 === 0) memory.recall(String(frame));
    }
    expect(memory.size).toBe(1_000);
    expect(() => memory.recall('3999')).toThrow(NotFound);
    expect(() => memory.recall('4000')).toThrow(AlreadyExists);
    expect(memory.recall('4001').label).toBe('bag');
  });
});
