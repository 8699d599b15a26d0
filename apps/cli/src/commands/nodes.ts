import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { nodesOf } from '../operate/ask.ts';
import { nodeDocument } from '../operate/documents.ts';
import { cellIdFlag, jsonFlag, securityFlags, telemetryFlag } from '../operate/flags.ts';
import { nodesTable } from '../operate/tables.ts';

const name = 'weir nodes';

export default defineCommand({
  name,
  summary: 'The nodes of a running cell: load, power, links and whether they still report.',
  schema: z.object({ telemetry: telemetryFlag, cellId: cellIdFlag, ...securityFlags, json: jsonFlag }),
  examples: ['weir nodes --telemetry 127.0.0.1:7001'],
  async run(config, { signal, out, print }) {
    const nodes = (await nodesOf(name, config, signal)).map(nodeDocument);
    out({ cellId: config.cellId, nodes });
    print(nodes.length > 0 ? nodesTable(nodes) : `no node reports in ${config.cellId}`);
  },
});
