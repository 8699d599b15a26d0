/** One fact of a phase: what was seen, and whether it is as promised. */
export type Fact = readonly [seen: string, holds: boolean];

let [passed, failed] = [0, 0];

/** One line a phase; what does not hold is said again below it. */
export function report(phase: string, facts: readonly Fact[]): void {
  const faults = facts.filter(([, holds]) => !holds);
  console.log(
    `${faults.length === 0 ? 'ok    ' : 'FAILED'} ${phase}: ${facts.map(([seen]) => seen).join('; ')}`,
  );
  for (const [seen] of faults) console.log(`failed: ${phase}: ${seen}`);
  passed += facts.length - faults.length;
  failed += faults.length;
}

/** The last line of a run. */
export function total(): void {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.995 ? 1 : 0)} %`;
