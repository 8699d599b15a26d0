import { ConfigError } from '@weir/base';
import { parseTrace } from '@weir/lab';
import { describe, expect, it } from 'vitest';
import type { RunCommand } from '../command.ts';
import list from './lab-list.ts';
import run from './lab-run.ts';
import trace from './lab-trace.ts';

async function call(command: RunCommand, ...argv: string[]): Promise<string> {
  let stdout = '';
  const { signal } = new AbortController();
  await command({ argv, env: {} }, { signal, stdout: (text) => void (stdout += text), stderr: () => {} });
  return stdout;
}

describe('weir lab', () => {
  it('lists the experiments that there are', async () => {
    expect(await call(list)).toMatch(/^a-89 +Experiment A, floor 89 %$/m);
    const { scenarios } = JSON.parse(await call(list, '--json')) as { scenarios: { name: string }[] };
    expect(scenarios.map(({ name }) => name)).toContain('poisson-60');
  });

  it('writes traces that it can read', async () => {
    expect(parseTrace(await call(trace, '--seconds', '30', '--seed', '3'))).toHaveLength(30);
  });

  it.each([
    [['--scenario', 'a-90'], /--scenario: no scenario file a-90/],
    [['--experiment', 'E'], /--experiment/],
    [['--learners', 'planner,fastest'], /--learners: no learner 'fastest'/],
    [['--scenario', 'b-89', '--experiment', 'A'], /--experiment: goes without --scenario/],
    [['--scenario', 'transfer-floor', '--learners', 'dqn'], /--learners: the scenario names its one/],
    [['--load', '0.5'], /--load: goes with --arrivals/],
    [['--arrivals', 'poisson', '--epochs', '5'], /--epochs: goes with synchronous epochs/],
    [['--floor', '2'], /--floor: expected .* or a fraction 0\.\.1, e\.g\. 0\.86 or 86% \(got 2\)/],
    [['--floor', '89%'], /^ *--floor: 0\.89 is more than this cell can reach: at most 0\.868/],
    [['--floor', 'high'], /--floor: expected one of none, .* or a fraction 0\.\.1, .* \(got "high"\)/],
    [['--floor', 'best-x'], /--floor: expected one of .*, best-POINTS \(e\.g\. best-0\.9\) or/],
    [['--floor', 'best-90'], /^ *--floor: best-90 is less than nothing/],
    [['--looks', '3'], /--looks: must be <= 2/],
    [['--learners', 'planner,planner-one-look'], /--learners: planner-one-look goes with looks: 2/],
    [['--looks', '2', '--learners', 'threshold,threshold'], /--learners: threshold is named twice/],
    [['--learners', 'static'], /^ *--learners: /],
    [['--users', '0'], /--users: must be >= 1/],
    [['--models', '/nowhere'], /--models: no model family/],
    [['--link-trace', '/nowhere.csv'], /^ *--link-trace: .*nowhere\.csv/],
    [['--frames', 'frames.json'], /--frames: frames\.json: expected a name that ends in \.csv or \.parquet/],
    [['--frames', '/nowhere/frames.csv'], /--frames: .*ENOENT/],
  ])('refuses %s before anything starts', async (argv, fault) => {
    const refused = call(run, ...argv);
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(fault);
  });
});
