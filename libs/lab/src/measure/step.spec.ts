import { describe, expect, it } from 'vitest';
import { type Step, everyTenth, stepInWords } from './step.ts';

const step: Step = { phase: 'experiment', label: 'planner', done: 120, total: 460, unit: 'epochs' };

describe('a step', () => {
  it('is told in words', () => {
    expect(stepInWords(step)).toBe('120 of 460 epochs (planner)');
    expect(stepInWords({ ...step, phase: 'profiling', label: '' })).toBe(
      'profiling the cell: 120 of 460 epochs',
    );
  });
});

describe('everyTenth', () => {
  const toldOf = (total: number): number[] => {
    const told: number[] = [];
    const tell = everyTenth((text) => told.push(Number(/^\d+/.exec(text)![0])));
    for (let done = 1; done <= total; done++) tell({ ...step, done, total });
    return told;
  };

  it('tells of ten steps of many, the last among them, and of each of few', () => {
    expect(toldOf(95)).toEqual([10, 19, 29, 38, 48, 57, 67, 76, 86, 95]);
    expect(toldOf(4)).toEqual([1, 2, 3, 4]);
  });
});
