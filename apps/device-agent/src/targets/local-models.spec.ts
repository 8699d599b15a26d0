import { loadConfig, silentLogger, systemClock } from '@weir/base';
import { loadFamily } from '@weir/inference';
import { createEnergyProbe } from '@weir/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { configSpec } from '../config.ts';
import { startLocalModels } from './local-models.ts';

const variant = 'mobilenet-v1-0.25-int8';

async function start(...flags: string[]) {
  const argv = [`--local-variants=${variant}`, '--dilation-factor=1000', ...flags];
  const energy = createEnergyProbe({ model: { idleW: 2, busyW: 4 }, source: 'model', clock: systemClock });
  return await startLocalModels(loadConfig(configSpec, { argv, env: {} }), {
    family: await loadFamily(undefined),
    energy,
    clock: systemClock,
    logger: silentLogger,
  });
}

describe('the models of a device', () => {
  it('are measured again while no frame uses them, so that a faster processor is noticed', async () => {
    await using models = await start('--idle-check-ms=20');
    const [before] = models.figures();
    models.slowDown(0.1);
    await vi.waitFor(() => expect(models.figures()[0]!.serviceMs).toBeLessThan(before!.serviceMs / 2), {
      timeout: 8_000,
    });
    expect(models.figures()[0]!.energyJ).toBeLessThan(before!.energyJ / 2);
  });
});
