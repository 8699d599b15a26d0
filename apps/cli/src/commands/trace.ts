import { limits } from '@weir/wire';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { withPolicy } from '../operate/ask.ts';
import { policyFlags } from '../operate/flags.ts';
import { decisionDocument, decisionLines } from '../operate/trace.ts';

const name = 'weir trace';

export default defineCommand({
  name,
  summary:
    'The last decisions of a device and why: where each frame went, what else there was, what forbade it. PolicyService asks its agent.',
  schema: z.object({
    device: named('name the device, e.g. camera-7').describe(
      'The device, as in weir devices; it must be connected.',
    ),
    ...policyFlags,
    last: z
      .number('expected a number')
      .int('expected a whole number')
      .min(1, 'must be >= 1')
      .max(limits.decisions, `must be <= ${limits.decisions}`)
      .default(10)
      .describe(`Decisions to tell, the newest first; an agent remembers ${limits.decisions}.`),
  }),
  positionals: 'device',
  examples: [
    'weir trace camera-7 --policy 127.0.0.1:7100',
    'weir trace camera-7 --policy 127.0.0.1:7100 --last 1 --json',
  ],
  async run({ device, last, ...config }, { signal, out, print }) {
    const traced = await withPolicy(name, config, signal, (policy) =>
      asUsage(name, 'DEVICE', () => policy.trace(device, last)),
    );
    const decisions = traced.map(decisionDocument);
    out({ cellId: config.cellId, device, decisions });
    for (const decision of decisions) for (const line of decisionLines(decision)) print(line);
    if (decisions.length === 0) print(`${device} has decided nothing since its agent started`);
  },
});
