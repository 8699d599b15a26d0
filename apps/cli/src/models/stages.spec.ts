import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { shareOf, stageText } from './stages.ts';

describe('shareOf', () => {
  it.each([
    ['5%', 0.05],
    ['5 %', 0.05],
    ['0.05', 0.05],
    ['.5', 0.5],
    ['99.9%', 0.999],
  ])('reads %s', (text, share) => {
    expect(shareOf('weir models import', '--canary', text)).toBeCloseTo(share, 12);
  });

  it.each(['0', '1', '100%', '5', '-5%', 'five', '', '5%%', 'NaN'])('refuses %s with an example', (text) => {
    expect(() => shareOf('weir models import', '--canary', text)).toThrow(ConfigError);
    expect(() => shareOf('weir models import', '--canary', text)).toThrow(/5% or 0\.05/);
  });
});

it('says where a variant stands', () => {
  expect([
    stageText(undefined),
    stageText({ kind: 'retired' }),
    stageText({ kind: 'canary', of: 'a', share: 0.05 }),
  ]).toEqual(['in service', 'retired', 'canary, 5.0 % of a']);
});
