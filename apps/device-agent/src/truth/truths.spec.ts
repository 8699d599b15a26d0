import { AlreadyExists, FakeClock, InvalidInput, NotFound, type WeirError } from '@weir/base';
import { fromStatus } from '@weir/rpc';
import { truthsToWire } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import { AnswerMemory } from './answer-memory.ts';
import { Truths } from './truths.ts';

const setUp = () => {
  const memory = new AnswerMemory({ clock: new FakeClock() });
  const truths = new Truths(memory, ['bag', 'coat', 'shirt']);
  return {
    truths,
    memory,
    answered: (id: string, label = 'bag', { firstLabel = label, promised = 0.9, shortfall = 0 } = {}) =>
      truths.answered(id, { label, firstLabel, promised, shortfall }),
    /** Undefined for each truth that was taken. */
    report: (...told: (readonly [requestId: string, label: string])[]): (WeirError | undefined)[] =>
      truths
        .report({ truths: told.map(([requestId, label]) => ({ requestId, label })) })
        .map(({ refusal }) => refusal && fromStatus(refusal)),
  };
};

describe('truths', () => {
  it('tell the accuracy of the answers, of their first looks, and what the same answers were promised', () => {
    const { truths, answered, report } = setUp();
    answered('f', 'bag', { promised: 0.9 });
    answered('g', 'coat', { promised: 0.8, shortfall: 0.06, firstLabel: 'bag' });
    answered('h', 'shirt', { promised: 0.7 });
    answered('never labelled', 'shirt', { promised: 0.1 });
    expect(report(['f', 'bag'], ['g', 'coat'], ['h', 'bag'])).toEqual([undefined, undefined, undefined]);
    const { right, promised, withoutShortfall, firstRight, ...rest } = truths.measured()!;
    expect([right, firstRight]).toEqual([2 / 3, 1 / 3]);
    expect(promised).toBeCloseTo(0.8, 12);
    expect(withoutShortfall).toBeCloseTo(0.82, 12);
    expect(rest.labelled).toBe(3);
    // 1 and 1 foreseen at 1/2 and 3/4, 0 at 5/6.
    expect(rest.variation).toBeCloseTo(1 / 4 + 1 / 16 + 25 / 36, 12);
  });

  it('bound the accuracy from below, the closer the more they are', () => {
    const { truths, answered, report } = setUp();
    const boundOf = (answers: number) => {
      for (let frame = 0; frame < answers; frame++) {
        answered('f');
        report(['f', frame % 10 === 0 ? 'coat' : 'bag']);
      }
      expect(truths.measured()!.right).toBeCloseTo(0.9, 12);
      return truthsToWire(truths.measured()!).lowerBound;
    };
    const [few, many] = [boundOf(100), boundOf(10_000)];
    expect(few).toBeGreaterThan(0.6);
    expect(many).toBeGreaterThan(few);
    expect(many).toBeGreaterThan(0.88);
    expect(many).toBeLessThan(0.9);
  });

  it('say nothing before the first', () => {
    const { truths, report } = setUp();
    expect(truths.measured()).toBeUndefined();
    report(['f', 'bag']);
    expect(truths.measured()).toBeUndefined();
  });

  it('find an answer wrong that no label of the family is, and the agent remembers nothing of its size', () => {
    const { truths, memory, answered, report } = setUp();
    for (const id of ['f', 'g']) answered(id, 'giraffe'.repeat(100_000));
    expect(report(['f', 'bag'])).toEqual([undefined]);
    expect(truths.measured()).toMatchObject({ labelled: 1, right: 0, firstRight: 0 });
    expect(memory.recall('g')).toEqual({ label: '', firstLabel: '', promised: 0.9, shortfall: 0 });
  });

  it('are refused each by itself, and say why', () => {
    const { truths, answered, report } = setUp();
    for (const id of ['f', 'g', 'h']) answered(id);
    const refusals = report(
      ['f', 'bag'],
      ['f', 'coat'],
      ['unheard of', 'bag'],
      ['g', 'giraffe'],
      ['', ''],
      ['x'.repeat(129), 'bag'],
      ['h', 'bag'],
    );
    expect(refusals).toMatchObject([
      undefined,
      expect.any(AlreadyExists),
      expect.any(NotFound),
      {
        violations: [
          { field: 'truths[3].label', description: expect.stringMatching(/3 labels.*"bag"/) as string },
        ],
      },
      { violations: [{ field: 'truths[4].request_id' }, { field: 'truths[4].label' }] },
      { violations: [{ field: 'truths[5].request_id' }] },
      undefined,
    ]);
    expect(truths.measured()).toMatchObject({ labelled: 2, right: 1 });
  });

  it('may be told again after a mistake: a refused label does not use up the answer', () => {
    const { answered, report } = setUp();
    answered('f');
    expect(report(['f', 'giraffe'], ['f', 'bag'])).toEqual([expect.any(InvalidInput), undefined]);
  });

  it('come back under the ids that can be given back', () => {
    const { truths } = setUp();
    const told = ['f', '', 'x'.repeat(129), 'f'].map((requestId) => ({ requestId, label: 'bag' }));
    expect(truths.report({ truths: told }).map(({ requestId }) => requestId)).toEqual(['f', '', '', 'f']);
  });

  it('may be none, and are refused together where they are too many', () => {
    const { truths, answered, report } = setUp();
    answered('f');
    expect(report()).toEqual([]);
    const told = Array.from({ length: 1_001 }, () => ['f', 'bag'] as const);
    expect(() => report(...told)).toThrow(/truths: expected at most 1000, got 1001/);
    expect(truths.measured()).toBeUndefined();
    expect(report(...told.slice(1))).toHaveLength(1_000);
    expect(truths.measured()).toMatchObject({ labelled: 1 });
  });

  it('of many answers, told at random, never fail and never count one answer twice', () => {
    const { truths, answered, report } = setUp();
    for (let frame = 0; frame < 500; frame++) answered(String(frame));
    const told = Array.from({ length: 900 }, (_, at) => [String((at * 7) % 600), 'bag'] as const);
    const taken = report(...told).filter((refusal) => !refusal);
    expect(taken).toHaveLength(500);
    expect(truths.measured()).toMatchObject({ labelled: 500 });
  });
});
