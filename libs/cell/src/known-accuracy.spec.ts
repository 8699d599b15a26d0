import { describe, expect, it } from 'vitest';
import { knownAccuracy } from './known-accuracy.ts';

describe('what a cell knows of its accuracy', () => {
  it('is nothing where the policy tells of nothing', () => {
    const nothing = { truths: null, audits: null, correction: null };
    expect(knownAccuracy(undefined)).toEqual(nothing);
    expect(knownAccuracy({ truths: undefined, audits: undefined, correction: undefined })).toEqual(nothing);
  });

  it('is what was measured beside what was promised, as plain numbers', () => {
    const known = knownAccuracy({
      truths: {
        labelled: 500n,
        right: 0.85,
        promised: 0.86,
        firstRight: 0.8,
        lowerBound: 0.8,
        level: 0.95,
        variation: 60,
        withoutShortfall: 0.87,
      },
      audits: { audits: 40n, agreed: 0.93, promised: undefined, lowerBound: 0.88, level: 0.95 },
      correction: { shortfall: 0.01, firsts: [{ variant: 'small', loss: 1.5, share: 1.2 }] },
    });
    expect(known).toEqual({
      truths: { count: 500, measured: 0.85, promised: 0.86, lowerBound: 0.8, level: 0.95 },
      audits: { count: 40, measured: 0.93, promised: null, lowerBound: 0.88, level: 0.95 },
      correction: { shortfall: 0.01, firsts: [{ variant: 'small', loss: 1.5, share: 1.2 }] },
    });
    expect(JSON.parse(JSON.stringify(known))).toEqual(known);
  });
});
