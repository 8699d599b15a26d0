import { silentLogger } from '@weir/base';
import { connectAgent, describeCell, startCell } from '@weir/cell';
import { openStore } from '@weir/storage';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const [quick, best] = ['mobilenet-v1-0.25-int8', 'mobilenet-v1-1.00-int8'];
const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));

/** Real processes: a device with a quick variant, and an edge, far slower, with the most accurate one. */
describe('audits of a living cell', () => {
  it(
    'check answers that have gone out, and reach the journal of PolicyService',
    { timeout: 60_000 },
    async () => {
      const stateDir = mkdtempSync(join(tmpdir(), 'weir-audits-'));
      onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
      const wanted = 3;
      const answeredBy = new Set<string>();
      {
        const description = describeCell({
          objective: { auditShare: 1 },
          nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 30, variants: [best] }],
          devices: [{ id: 'device-1', dilationFactor: 0, variants: [quick] }],
        });
        await using cell = await startCell(description, { logger: silentLogger, stateDir });
        await using device = connectAgent(cell.devices[0]!.address);
        // Until the first plan knows of the edge there is nobody to check.
        const audited = async () => {
          const { placement } = await device.infer({ image });
          answeredBy.add(placement!.variant);
          const { agreed, differed } = (await device.status()).audits!;
          return Number(agreed + differed);
        };
        await expect.poll(audited, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(wanted);
      }
      expect([...answeredBy]).toEqual([quick]);
      await using store = await openStore({ path: join(stateDir, 'policy.db') });
      const entries = await store.read('cell-1', 0, 1_000);
      const outcomes = entries.map(({ outcome }) => JSON.parse(outcome) as Record<string, unknown>);
      const audits = outcomes.filter(({ reason }) => reason === 'audit');
      expect(audits.length).toBeGreaterThanOrEqual(wanted);
      for (const audit of audits)
        expect(audit).toMatchObject({
          placement: { nodeId: 'edge-1', variant: best },
          firstLook: { placement: { nodeId: 'device-1', variant: quick } },
          auditProbability: 1,
          shadow: true,
        });
    },
  );
});
