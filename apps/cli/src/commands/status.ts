import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { nodesOf, withPolicy } from '../operate/ask.ts';
import { nodeDocument, statusDocument } from '../operate/documents.ts';
import { policyFlags, telemetryFlag } from '../operate/flags.ts';
import { devicesTable, nodesTable, statusLines } from '../operate/tables.ts';

const name = 'weir status';

export default defineCommand({
  name,
  summary: 'How a running cell does: learner, objective, accuracy, devices and, with --telemetry, nodes.',
  schema: z.object({
    ...policyFlags,
    telemetry: telemetryFlag.optional().describe('Address of Telemetry; with it, nodes are shown too.'),
  }),
  examples: [
    'weir status --policy 127.0.0.1:7100',
    'WEIR_POLICY=policy:7100 WEIR_TLS_CA=ca.pem weir status --telemetry telemetry:7001 --json',
  ],
  async run({ telemetry, ...config }, { signal, out, print }) {
    const status = statusDocument(
      config.cellId,
      await withPolicy(name, config, signal, (policy) => policy.status()),
    );
    const nodes = telemetry
      ? (await nodesOf(name, { ...config, telemetry }, signal)).map(nodeDocument)
      : undefined;
    out({ ...status, ...(nodes && { nodes }) });
    for (const line of statusLines(status)) print(line);
    if (status.devices.length > 0) print(devicesTable(status.devices));
    if (nodes?.length) print(nodesTable(nodes));
  },
});
