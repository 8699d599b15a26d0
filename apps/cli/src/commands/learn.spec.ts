import { ConfigError } from '@weir/base';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import { spread } from '../learn/summary.ts';
import learn from './learn.ts';

const run = runOf(learn);

describe('weir learn', () => {
  it('compares learners over seeds, with progress, one JSON document and a plot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-learn-'));
    try {
      const plot = join(folder, 'out.svg');
      const { exit, lines, progress } = await run(
        '--learner=planner,bandits',
        '--users=2',
        '--interactions=40',
        '--seeds=2',
        `--plot=${plot}`,
        '--json',
      );
      expect(exit).toBe(0);
      expect(lines).toHaveLength(1);
      const result = JSON.parse(lines[0]!) as Record<string, unknown> & { learners: { learner: string }[] };
      expect(result).toMatchObject({
        floorViolations: 0,
        interactionsTo1pct: { perSeed: [expect.anything(), expect.anything()] },
      });
      for (const key of ['optimumMs', 'gapPct', 'regretMs']) expect(result[key]).toBeTypeOf('number');
      expect(result.learners.map(({ learner }) => learner)).toEqual(['planner', 'bandits']);
      expect(progress.some((line) => line.includes('100 %'))).toBe(true);
      const svg = await readFile(plot, 'utf8');
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).not.toContain('var(');
      for (const learner of ['planner', 'bandits'])
        expect(svg.match(new RegExp(`<title>${learner}</title>`, 'g'))).toHaveLength(3);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 120_000);

  it.each([
    '--learner=oracle',
    '--users=0',
    '--floor=2',
    '--options=[]',
    '--options=x',
    '--experiment=E',
    '--nonsense',
  ])('refuses %s', async (flag) => {
    await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
  });

  it('counts seeds that never get there as later than all others', () => {
    expect(spread([3, null, 5])).toEqual({ median: 5, p90: null, perSeed: [3, null, 5] });
    expect(spread([4, 2])).toMatchObject({ median: 3 });
  });
});
