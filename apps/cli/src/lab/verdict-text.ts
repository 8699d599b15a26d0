import type { Verdict } from '@weir/lab';

/** The goals, a line each, and whether they were reached, for people. */
export function verdictText({ claims, reproduced }: Verdict): string {
  const missed = claims.filter(({ held }) => held.startsWith('✗')).length;
  const ending = reproduced
    ? `verdict: reproduced, ${claims.length} of ${claims.length} goals reached`
    : `verdict: not reproduced, ${missed} of ${claims.length} goals missed`;
  const lines = claims.map(
    ({ what, goal, measured, held }) => `${held}  ${what}: ${measured} (goal: ${goal})`,
  );
  return [...lines, ending].join('\n').replaceAll('\u00a0', ' ');
}
