import { FakeClock, type Logger, silentLogger } from '@weir/base';
import { Authority } from '@weir/pki';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaseMaterial, reloadMaterial } from './material.ts';
import { tellMaterial } from './tell-material.ts';

const dayMs = 86_400_000;
let folder: string;
let authority: Authority;
const bundle = () => join(folder, 'bundle');
const files = () => ({ cert: join(bundle(), 'cert.pem'), key: join(bundle(), 'key.pem') });
const issue = () =>
  authority.issue({ kind: 'device', name: 'a', cell: 'c', dns: [], ip: [] }, { days: 30, folder: bundle() });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-tell-'));
  authority = await Authority.init(join(folder, 'pki'), { trustDomain: 'example', days: 900 });
  await issue();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function told() {
  const clock = new FakeClock();
  // The file's times are the machine's.
  const offset = Date.now() - clock.now();
  const logger: Logger = { ...silentLogger, warn: vi.fn(), info: vi.fn() };
  const shifted = Object.assign(Object.create(clock) as FakeClock, { now: () => clock.now() + offset });
  const teller = tellMaterial({ logger, clock: { ...bindOf(clock), now: shifted.now } });
  return {
    clock,
    logger,
    // The process may have others.
    expiresAt: () => teller.certificates.find(({ file }) => file === files().cert)!.expiresAt,
    warnings: () =>
      vi
        .mocked(logger.warn)
        .mock.calls.map(([fields]) => fields)
        .filter((fields) => (fields as { file?: string }).file === files().cert),
    [Symbol.dispose]: () => teller[Symbol.dispose](),
  };
}
const bindOf = (clock: FakeClock) => ({ after: clock.after.bind(clock), every: clock.every.bind(clock) });

describe('the end of an own certificate', () => {
  it('is warned of once a third of its life is left, then daily', async () => {
    using _lease = leaseMaterial(files());
    using teller = told();
    const { clock, warnings } = teller;
    await clock.advanceAsync(19 * dayMs);
    expect(warnings()).toEqual([]);
    await clock.advanceAsync(1.1 * dayMs);
    expect(warnings()).toMatchObject([{ file: files().cert }]);
    await clock.advanceAsync(3 * dayMs);
    expect(warnings()).toHaveLength(4);
  });

  it('is no matter any more once a new one is there', async () => {
    using _lease = leaseMaterial(files());
    using teller = told();
    const { clock, warnings, logger, expiresAt } = teller;
    const before = expiresAt();
    authority = Authority.open(authority.folder, () => Date.now() + 21 * dayMs);
    await issue();
    reloadMaterial();
    expect(logger.info).toHaveBeenCalledWith(expect.objectContaining(files()), 'certificates reloaded');
    expect(expiresAt() - before).toBeCloseTo(21 * dayMs, -4);
    await clock.advanceAsync(21 * dayMs);
    expect(warnings()).toEqual([]);
  });
});
