import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import bench from './bench-orchestrate.ts';

const run = runOf(bench);

interface Result {
  readonly agent: { n: number; p50: number; p95: number };
  readonly bare: { n: number; p50: number; p95: number };
  readonly overheadMs: { p50: number; ofMedians: number; ofP95: number };
  readonly planned: number;
  readonly agentCpuMs: { readonly all: number; readonly main: number };
  readonly relayCpuMs: { readonly all: number; readonly main: number };
  readonly policyFrozen: { readonly planned: number; readonly bare: { n: number } };
  readonly promisedMs: number;
  readonly holds: boolean;
}

describe('weir bench orchestrate', () => {
  it('times frames through the agent and straight to the worker, also without a policy that could answer', async () => {
    const { exit, lines } = await run('--frames=40', '--warm-up=10', '--json');
    expect(lines).toHaveLength(1);
    const result = JSON.parse(lines[0]!) as Result;
    expect(result.agent.n).toBe(40);
    expect(result.bare.n).toBe(40);
    expect(result.planned).toBe(40);
    expect(result.policyFrozen).toMatchObject({ planned: 20, bare: { n: 20 } });
    expect(result.overheadMs.ofMedians).toBeCloseTo(result.agent.p50 - result.bare.p50, 9);
    expect(result.agentCpuMs.main).toBeGreaterThan(0);
    expect(result.agentCpuMs.all).toBeGreaterThan(result.agentCpuMs.main);
    expect(result.relayCpuMs.main).toBeGreaterThan(0);
    expect(result.relayCpuMs.all).toBeGreaterThan(result.relayCpuMs.main);
    expect(result.holds).toBe(result.overheadMs.p50 <= result.promisedMs);
    expect(exit).toBe(result.holds ? 0 : 1);
  }, 60_000);

  it.each(['--frames=0', '--frames=1.5', '--warm-up=no', '--seed=0', '--models=/nowhere', '--nonsense'])(
    'refuses %s',
    async (flag) => {
      await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
    },
  );
});
