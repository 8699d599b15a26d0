import { NotFound } from '@weir/base';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { cellDocument } from '../operate/documents.ts';
import { fleetFlags } from '../operate/flags.ts';
import { cellsTable } from '../operate/tables.ts';

const name = 'weir cell list';

export default defineCommand({
  name,
  summary:
    'The cells of a running PolicyService: devices, plans, what is stored, when a device was last connected.',
  schema: z.object(fleetFlags),
  examples: [
    'weir cell list --policy 127.0.0.1:7100',
    'weir cell list --policy 127.0.0.1:7100 --cell shop-7 --json',
  ],
  async run({ cell = '', ...config }, { signal, out, print }) {
    const listed = await withPolicy(name, { ...config, cellId: cell }, signal, (policy) => policy.cells());
    await asUsage(name, '--cell', () => {
      if (cell !== '' && listed.length === 0) throw new NotFound(`there is no cell ${cell}`);
    });
    const cells = listed.map(cellDocument);
    out({ cells });
    print(cells.length > 0 ? cellsTable(cells) : 'there is no cell yet: one opens when a device joins it');
  },
});
