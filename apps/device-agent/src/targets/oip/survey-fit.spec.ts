import { expect, it } from 'vitest';
import { fitOfSurvey } from './survey-fit.ts';

const survey = (served: readonly string[], misfits: Record<string, string>) => ({
  served: new Map(served.map((name) => [name, {} as never])),
  misfits: new Map(Object.entries(misfits)),
});

it('what does not fit is told with names, and how much is left', () => {
  expect(fitOfSurvey('cloud-1', survey(['a'], {}))).toEqual({ foreign: new Set(), nothingFits: false });
  expect(fitOfSurvey('cloud-1', survey(['a'], { b: 'its model x is not there' }))).toEqual({
    foreign: new Set(['b']),
    nothingFits: false,
    fault:
      'target cloud-1 gets no frames for 1 variant: b: its model x is not there; correct models= in --targets, or the server',
  });
  expect(fitOfSurvey('cloud-1', survey([], { b: 'its model x is not ready' })).fault).toMatch(
    /^target cloud-1 gets no frames: b: its model x is not ready/,
  );
  expect(fitOfSurvey('cloud-1', survey([], {})).fault).toContain("none of the device's models");
});
