import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { PolicyCost } from '../bench/policy/policy-cost.ts';
import { runOf } from '../command.fixture.ts';
import bench from './bench-policy.ts';

const run = runOf(bench);

describe('weir bench policy', () => {
  it('measures a service with agents of several cells', async () => {
    const { exit, lines } = await run('--agents=6', '--per-cell=3', '--seconds=2', '--json');
    expect(exit).toBe(0);
    const cost = JSON.parse(lines[0]!) as PolicyCost;
    expect(cost).toMatchObject({ agents: 6, perCell: 3 });
    // One a second and agent; which of them fall into the time is chance.
    expect(cost.acknowledgedPerSecond).toBeGreaterThan(2);
    expect(cost.acknowledgedPerSecond).toBeLessThan(12);
    for (const figure of [
      cost.cpuMsPerAgentSecond,
      cost.mainMsPerAgentSecond,
      cost.ackMs.p50,
      cost.planMs.p50,
    ])
      expect(figure).toBeGreaterThan(0);
    expect(cost.mainMsPerAgentSecond).toBeLessThanOrEqual(cost.cpuMsPerAgentSecond);
    for (const { p50, p99 } of [cost.ackMs, cost.planMs, cost.loopLagMs])
      expect(p99).toBeGreaterThanOrEqual(p50);
  });

  it.each(['--agents=0', '--per-cell=1.5', '--seconds=0', '--nonsense'])('refuses %s', async (flag) => {
    await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
  });
});
