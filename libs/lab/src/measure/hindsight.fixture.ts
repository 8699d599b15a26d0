import { CostTable } from './cost-table.ts';
import type { FamilyAnswers } from './family-answers.ts';

const step = (marginBelow: number, share: number, gain: number) => ({
  marginBelow,
  share,
  gain,
  standardError: 0.001,
});
/** Two devices, an edge that serves `large` alone. `small` takes 100 ms, `large` 400 at home and 150 at the edge. */
export function table({ best = 0.9 } = {}): CostTable {
  const made = new CostTable({
    deviceIds: ['a', 'b'],
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, variants: ['large'] }],
    variants: [
      { name: 'large', accuracy: best },
      { name: 'small', accuracy: 0.8 },
    ],
    localVariants: ['large', 'small'],
    looks: {
      version: 'v1',
      pictures: 1_000,
      curves: [
        {
          first: 'small',
          second: 'large',
          steps: [step(0.15, 0.1, 0.06), step(0.35, 0.3, 0.1), step(2, 1, 0.101)],
        },
      ],
    },
  });
  for (const id of ['a', 'b']) {
    made.observeLocal(id, 'large', 400);
    made.observeLocal(id, 'small', 100);
    made.observeNetwork(id, 'edge-1', 20);
  }
  made.observeRemote('edge-1', 'large', 1, 150);
  made.observeRemote('edge-1', 'large', 2, 225);
  return made;
}

/** Ten pictures, margins 0.05 to 0.95. `small` is wrong at the first two, `large` at the last. */
export const margins = Array.from({ length: 10 }, (_, at) => 0.05 + at / 10);
export const answers: FamilyAnswers = new Map([
  ['small', answersThat((at) => at > 1)],
  ['large', answersThat((at) => at < 9)],
]);

function answersThat(areRight: (at: number) => boolean) {
  const right = margins.map((_, at) => areRight(at));
  return { margins, right, classes: right.map(Number) };
}
