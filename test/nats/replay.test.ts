import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { weir } from '../support/weir.ts';
import { startAgent } from './agents.ts';
import { natsServer } from './nats-server.ts';
import { policyOver } from './policy-process.ts';

/** Outcomes that an agent gives, and the time between two of them, ms. */
const [frames, periodMs] = [400, 20];

describe('weir replay', () => {
  it(
    'reads the journal of a cell from servers of NATS, beside its policy',
    { timeout: 120_000 },
    async () => {
      await using server = await natsServer();
      const replay = (...argv: string[]) => weir('replay', `--store=${server.url}`, ...argv).ended;
      const nothing = await replay();
      expect([nothing.code, nothing.stderr]).toEqual([
        64,
        expect.stringContaining('no policy has kept anything there'),
      ]);

      await using policy = await policyOver([server.url.slice('nats://'.length)]);
      await policy.start();
      await using agent = startAgent([policy.address], { cellId: 'shop', deviceId: 'till', seed: 1 });
      for (let at = 0; at < frames; at++) {
        agent.answer();
        await sleep(periodMs);
      }
      await expect.poll(() => agent.acknowledged, { timeout: 20_000 }).toBe(frames);
      const { code, stdout, stderr } = await replay('--was-floor=0', '--looks=1', '--resamples=4', '--json');
      expect(code, stderr).toBe(0);
      const told = JSON.parse(stdout) as { frames: number; config: object };
      expect(told.config).toMatchObject({ cell: 'shop' });
      expect(told.frames).toBeGreaterThan(frames / 2);

      const elsewhere = await replay('--cell=none', '--was-floor=0');
      expect([elsewhere.code, elsewhere.stderr]).toEqual([64, expect.stringContaining('there is shop')]);
    },
  );
});
