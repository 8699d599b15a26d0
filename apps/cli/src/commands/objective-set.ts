import { ConfigError, durationMs, share } from '@weir/base';
import { mostLooks } from '@weir/domain';
import { tierToWire } from '@weir/wire';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { objectiveDocument } from '../operate/documents.ts';
import { policyFlags } from '../operate/flags.ts';
import { objectiveLines } from '../operate/tables.ts';
import { whole } from '../whole.ts';

const name = 'weir objective set';
const weight = () =>
  z.number('expected a number').min(0, 'must be >= 0').max(1e9, 'must be <= 1e9').optional();

export default defineCommand({
  name,
  summary: 'Changes what is asked of a running cell; what is not named stays. New directives follow at once.',
  schema: z.object({
    ...policyFlags,
    floor: share().optional().describe('Lowest average accuracy, 0..1; 0: no floor.'),
    deadlineMs: durationMs()
      .max(86_400_000, 'must be <= a day')
      .optional()
      .describe('Deadline of a request that names none, ms.'),
    meanWeight: weight().describe('Weight of the mean response time.'),
    tailWeight: weight().describe('Weight of the 95th percentile of the response time.'),
    energyMsPerJ: weight().describe('Price of energy, ms per J.'),
    tiers: z
      .array(z.enum(['device', 'edge', 'cloud'], 'expected device, edge or cloud'))
      .min(1, 'expected at least one tier')
      .optional()
      .describe('Tiers that frames may use, comma-separated.'),
    looks: whole(1, mostLooks).optional().describe('Looks that a frame may get: 1 or 2.'),
    audits: share()
      .optional()
      .describe('Share of the answers that the most accurate variant checks afterwards, 0..1.'),
  }),
  examples: [
    'weir objective set --policy 127.0.0.1:7100 --floor 0.85',
    'weir objective set --policy 127.0.0.1:7100 --tiers device,edge --deadline-ms 500',
  ],
  async run(config, { signal, out, print }) {
    const { floor, deadlineMs, meanWeight, tailWeight, energyMsPerJ, tiers, looks, audits } = config;
    const changes = {
      ...(floor !== undefined && { accuracyFloor: floor }),
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(meanWeight !== undefined && { meanWeight }),
      ...(tailWeight !== undefined && { tailWeight }),
      ...(energyMsPerJ !== undefined && { energyMsPerJ }),
      ...(tiers && { allowedTiers: tiers.map(tierToWire) }),
      ...(looks !== undefined && { maxLooks: looks }),
      ...(audits !== undefined && { auditShare: audits }),
    };
    if (Object.keys(changes).length === 0)
      throw new ConfigError(name, [
        { field: '--floor', description: 'name at least one change, e.g. --floor 0.85' },
      ]);
    const { objective } = await withPolicy(name, config, signal, async (policy) => {
      const before = await policy.objective();
      // A floor that the cell cannot keep is a fault of what was asked for.
      return asUsage(name, 'objective', () => policy.setObjective({ ...before.objective!, ...changes }));
    });
    const document = objectiveDocument(objective)!;
    out({ cellId: config.cellId, objective: document });
    for (const line of objectiveLines(document)) print(line);
  },
});
