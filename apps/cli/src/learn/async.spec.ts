import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import learn from '../commands/learn.ts';
import type { AsyncResult } from './async.ts';

async function run(...argv: string[]) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const { signal } = new AbortController();
  const io = {
    signal,
    stdout: (text: string) => stdout.push(text),
    stderr: (text: string) => stderr.push(text),
  };
  expect(await learn({ argv, env: {} }, io)).toBe(0);
  return { stdout, stderr };
}

describe('weir learn --arrivals', () => {
  it('compares the learned rule with the others in each condition, in one JSON document, with progress', async () => {
    const { stdout, stderr } = await run(
      '--arrivals=poisson,synchronised',
      '--loads=0.9',
      '--users=2,5',
      '--seeds=2',
      '--seed=7',
      '--json',
    );
    expect(stdout).toHaveLength(1);
    const { rows, drift } = JSON.parse(stdout[0]!) as AsyncResult;
    expect(drift).toEqual([]);
    const learned = rows.filter(({ rule }) => rule === 'learned');
    expect(learned.map(({ devices, arrivals, load }) => [devices, arrivals, load])).toEqual([
      [2, 'poisson', 0.9],
      [2, 'synchronised', 0.9],
      [5, 'poisson', 0.9],
      [5, 'synchronised', 0.9],
    ]);
    for (const { perSeedMeanMs, floorViolations } of learned) {
      expect(new Set(perSeedMeanMs).size).toBe(2);
      expect(floorViolations).toBe(0);
    }
    const [, , poisson] = learned;
    expect(poisson!.overPct.static).toBeLessThan(-40);
    expect(Math.abs(poisson!.overPct.tiers!)).toBeLessThan(15);
    expect(stderr.at(-1)).toContain('100 %');
  }, 120_000);

  it('compares two looks with one on the embedded family with --looks 2', async () => {
    const { stdout } = await run(
      '--arrivals=poisson',
      '--loads=0.6',
      '--users=2',
      '--seeds=1',
      '--looks=2',
      '--floor=best-0.9',
      '--json',
    );
    const { rules, rows, config } = JSON.parse(stdout[0]!) as AsyncResult & {
      config: { looks: number; cell: { accuracyFloor: number; family?: object } };
    };
    expect(rules).toContain('one-look');
    expect(config).toMatchObject({ looks: 2, cell: { accuracyFloor: expect.closeTo(0.859, 9) as number } });
    expect(config.cell.family).toBeUndefined();
    const of = (name: string) => rows.find(({ rule }) => rule === name)!;
    expect(of('one-look').secondLooks).toBe(0);
    expect(of('learned').secondLooks).toBeGreaterThan(0.05);
    expect(of('learned').overPct['one-look']).toBeLessThan(-15);
    expect([of('learned').floorViolations, of('one-look').floorViolations]).toEqual([0, 0]);
  }, 120_000);

  it('follows changes with --drift, and says so in a table for people', async () => {
    const { stdout } = await run('--drift', '--users=2', '--seeds=1');
    const [, ...lines] = stdout.join('').split('\n');
    for (const change of [
      'hidden edge load',
      'device slows down',
      'two links go weak',
      'edge leaves and returns',
    ])
      expect(lines.filter((line) => line.includes(change))).toHaveLength(2);
  }, 120_000);

  it.each([
    ['--arrivals=sometimes'],
    ['--arrivals=poisson', '--loads=-1'],
    ['--arrivals=poisson', '--learner=planner,bandits'],
    ['--users=2,5'],
    ['--looks=2'],
    ['--arrivals=poisson', '--looks=2', '--floor=0.89'],
    ['--arrivals=poisson', '--floor=best-90'],
    ['--drift', '--plot=out.svg'],
  ])('refuses %s %s', async (...flags) => {
    await expect(run(...flags)).rejects.toBeInstanceOf(ConfigError);
  });
});
