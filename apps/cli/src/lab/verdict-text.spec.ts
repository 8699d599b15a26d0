import { describe, expect, it } from 'vitest';
import { verdictText } from './verdict-text.ts';

const claim = { what: 'Planner', goal: 'within 5\u00a0%', measured: '+1.0\u00a0%' };

describe('the verdict for people', () => {
  it('ends with the verdict, after a line for each goal', () => {
    const [yes, no] = [
      { ...claim, held: '✓\u00a0yes' },
      { ...claim, held: '✗\u00a0no' },
    ];
    expect(verdictText({ claims: [yes], reproduced: true })).toBe(
      '✓ yes  Planner: +1.0 % (goal: within 5 %)\nverdict: reproduced, 1 of 1 goals reached',
    );
    expect(verdictText({ claims: [yes, no], reproduced: false })).toMatch(
      /✗ no .*\nverdict: not reproduced, 1 of 2 goals missed$/,
    );
  });
});
