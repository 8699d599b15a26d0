import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createEnergyProbe, energySource } from './energy-probe.ts';
import { fakeFiles } from './files.fixture.ts';

const model = { idleW: 2, busyW: 4 };
const counters = (uj: number, range = 1_000_000_000) => ({
  '/sys/class/powercap/intel-rapl:0/name': 'package-0\n',
  '/sys/class/powercap/intel-rapl:0/energy_uj': `${uj}\n`,
  '/sys/class/powercap/intel-rapl:0/max_energy_range_uj': `${range}\n`,
});
const probe = (given: Record<string, string>, source: 'auto' | 'model' = 'auto') => {
  const clock = new FakeClock(1_000);
  const { files, readText } = fakeFiles(given);
  return { clock, files, energy: createEnergyProbe({ model, source, clock, readText }) };
};

describe('energy probe without counters', () => {
  it('follows the power model: idle power plus busy power times utilization', () => {
    const { clock, energy } = probe({});
    clock.advance(1_000);
    expect(energy.sample({ cpuUtilization: 0 })).toEqual({
      powerW: 2,
      energyJ: 2,
      source: energySource.model,
    });
    clock.advance(2_000);
    expect(energy.sample({ cpuUtilization: 0.5 })).toEqual({
      powerW: 4,
      energyJ: 10,
      source: energySource.model,
    });
  });

  it('gives an inference the busy power of its share of the node, for as long as it keeps it busy', () => {
    const { energy } = probe({});
    expect(energy.energyOfInference({ computeMs: 400, decodeMs: 100 })).toBeCloseTo(2);
    expect(energy.energyOfInference({ computeMs: 500, cpuShare: 0.25 })).toBeCloseTo(0.5);
    expect(energy.energyOfInference({ computeMs: 0 })).toBe(0);
  });

  it('takes the model where the counters may not be read', () => {
    const files: Record<string, string> = counters(5);
    delete files['/sys/class/powercap/intel-rapl:0/energy_uj'];
    expect(probe(files).energy.sample({ cpuUtilization: 0 }).source).toBe(energySource.model);
  });

  it('takes the model where it is told to, counters or not', () => {
    expect(probe(counters(5), 'model').energy.sample({ cpuUtilization: 0 }).source).toBe(energySource.model);
  });
});

describe('energy probe with counters', () => {
  const path = '/sys/class/powercap/intel-rapl:0/energy_uj';

  it('reports the mean power since the last sample and the energy since the start', () => {
    const { clock, files, energy } = probe(counters(7_000_000));
    clock.advance(2_000);
    files[path] = '27000000';
    expect(energy.sample({ cpuUtilization: 0 })).toEqual({
      powerW: 10,
      energyJ: 20,
      source: energySource.rapl,
    });
  });

  it('goes on when a counter wraps around', () => {
    const { clock, files, energy } = probe(counters(90_000_000, 100_000_000));
    clock.advance(1_000);
    files[path] = '5000000';
    expect(energy.sample({ cpuUtilization: 0 }).energyJ).toBeCloseTo(15);
  });

  it('adds packages and their memory, but no part of a package twice', () => {
    const zone = (name: string, label: string) => ({
      [`/sys/class/powercap/${name}/name`]: label,
      [`/sys/class/powercap/${name}/energy_uj`]: '0',
      [`/sys/class/powercap/${name}/max_energy_range_uj`]: '1000000000',
    });
    const { clock, files, energy } = probe({
      ...zone('intel-rapl:0', 'package-0'),
      ...zone('intel-rapl:0:0', 'core'),
      ...zone('intel-rapl:0:1', 'dram'),
      ...zone('intel-rapl:1', 'package-1'),
      ...zone('intel-rapl:2', 'psys'),
    });
    for (const name of Object.keys(files).filter((file) => file.endsWith('energy_uj')))
      files[name] = '1000000';
    clock.advance(1_000);
    expect(energy.sample({ cpuUtilization: 0 }).powerW).toBeCloseTo(3);
  });

  it('learns from them what an inference costs', () => {
    const { clock, files, energy } = probe(counters(0));
    let uj = 0;
    const run = (powerW: number, cpuUtilization: number) => {
      clock.advance(1_000);
      files[path] = String((uj += powerW * 1e6));
      energy.sample({ cpuUtilization });
    };
    expect(energy.energyOfInference({ computeMs: 1_000 })).toBe(4);
    run(10, 0);
    for (let i = 0; i < 60; i++) run(20, 0.5);
    // 10 W above idle at half utilization: 20 W at the whole.
    expect(energy.energyOfInference({ computeMs: 1_000 })).toBeCloseTo(20, 3);
  });

  it('gives no power for no time', () => {
    const { energy } = probe(counters(0));
    expect(energy.sample({ cpuUtilization: 1 })).toMatchObject({ powerW: 2, energyJ: 0 });
  });
});
