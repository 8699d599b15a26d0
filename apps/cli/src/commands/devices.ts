import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { withPolicy } from '../operate/ask.ts';
import { deviceDocument } from '../operate/documents.ts';
import { policyFlags } from '../operate/flags.ts';
import { devicesTable } from '../operate/tables.ts';

const name = 'weir devices';

export default defineCommand({
  name,
  summary: 'The devices of a running cell, and what is planned for each.',
  schema: z.object(policyFlags),
  examples: ['weir devices --policy 127.0.0.1:7100 --json'],
  async run(config, { signal, out, print }) {
    const status = await withPolicy(name, config, signal, (policy) => policy.status());
    const devices = status.devices.map(deviceDocument);
    out({ cellId: config.cellId, devices });
    print(devices.length > 0 ? devicesTable(devices) : `no device is known in ${config.cellId}`);
  },
});
