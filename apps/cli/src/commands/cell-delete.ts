import { ConfigError, NotFound } from '@weir/base';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { cellDocument } from '../operate/documents.ts';
import { serviceFlags } from '../operate/flags.ts';
import { size } from '../words.ts';

const name = 'weir cell delete';

export default defineCommand({
  name,
  summary:
    'Deletes a cell for good: journal, snapshots, objective, devices. Its agents go on by themselves, and open a new one when they join again.',
  schema: z.object({
    cell: named('name the cell, e.g. shop-7').describe('The cell.'),
    ...serviceFlags,
    yes: z.boolean().default(false).describe('Delete it; without this, only tell what would be deleted.'),
  }),
  positionals: 'cell',
  examples: ['weir cell delete shop-7 --policy 127.0.0.1:7100 --yes'],
  async run({ cell: cellId, yes, ...config }, { signal, out, print }) {
    const deleted = await withPolicy(name, { ...config, cellId }, signal, (policy) =>
      asUsage(name, 'CELL', async () => {
        const [cell] = (await policy.cells()).map(cellDocument);
        if (!cell) throw new NotFound(`there is no cell ${cellId}; weir cell list names them`);
        if (yes) return policy.deleteCell();
        const { devices, connected, outcomes, bytes } = cell;
        throw new ConfigError(name, [
          {
            field: '--yes',
            description: `give it to delete ${cellId} for good: devices ${devices} (connected ${connected}), outcomes ${outcomes}, ${size(bytes)}; weir backup keeps a copy`,
          },
        ]);
      }),
    );
    const { cellIds, sessionsEnded } = deleted;
    out({ cellId, cellIds, sessionsEnded });
    print(`${cellIds.join(', ')}: deleted, and gone from the disk; devices told: ${sessionsEnded}`);
  },
});
