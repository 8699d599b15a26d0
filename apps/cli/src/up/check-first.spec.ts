import { ConfigError, FailedPrecondition } from '@weir/base';
import { exampleCell } from '@weir/cell';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFloor } from './cell-of.ts';
import { checkPaths, checkPorts } from './check-first.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-up-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a-file');
writeFileSync(file, '');

describe('what is checked before a cell starts', () => {
  it.each([
    ['logDir', { logDir: file }, '--log-dir'],
    ['stateDir', { stateDir: join(file, 'below') }, '--state-dir'],
    ['metricsTargets', { metricsTargets: join(folder, 'nowhere', 'targets.json') }, '--metrics-targets'],
  ])('names the flag of a path that will not do: %s', async (_what, given, flag) => {
    const refused = checkPaths('weir up', given);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(flag);
  });

  it('takes folders that are there or can be made', async () => {
    await checkPaths('weir up', {
      logDir: join(folder, 'new', 'logs'),
      metricsTargets: join(folder, 'x.json'),
    });
  });

  it('names an address that is taken, and frees those that are not', async () => {
    await using taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const cell = exampleCell({ devices: 1, firstPort: port });
    await expect(checkPorts(cell)).rejects.toThrow(FailedPrecondition);
    await expect(checkPorts(cell)).rejects.toThrow(`127.0.0.1:${port}`);
    await new Promise((resolve) => taken.close(resolve));
    await checkPorts(cell);
    await checkPorts(cell);
  });

  it('refuses a floor that no variant reaches, and says what the best one has', () => {
    const variant = (top1: number) => ({ accuracy: { top1 } });
    const family = { variants: [variant(0.7), variant(0.8)] } as unknown as Parameters<typeof checkFloor>[2];
    expect(() => checkFloor('weir up', 0.81, family)).toThrow(/--floor: 0\.81 .* 0\.8$/m);
    checkFloor('weir up', 0.8, family);
    checkFloor('weir up', undefined, family);
  });
});
