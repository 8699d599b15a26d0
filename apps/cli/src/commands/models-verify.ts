import { Exit } from '@weir/base';
import { type Verification, loadFamily, verifyFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { looksTable } from '../looks-table.ts';
import { modelsTable, throttled } from '../models-table.ts';

const name = 'weir models verify';
const whole = (least: number) =>
  z.number('expected a number').int('expected a whole number').min(least, `must be >= ${least}`);

export default defineCommand({
  name,
  summary:
    'Measures a family again with the runtime that serves it: checksums, accuracy, what second looks buy, latency. Fails on a difference.',
  schema: z.object({
    models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
    images: z
      .string()
      .optional()
      .describe(
        "Labelled pictures to score it on, as models import takes them; by default the family's own samples.",
      ),
    followLinks: z
      .boolean()
      .default(false)
      .describe('Take what symbolic links in the folder of pictures lead to.'),
    scenes: whole(0)
      .default(10_000)
      .describe(
        'Of the embedded family: scenes of the test split, where the data set is installed; 0: only the shipped samples.',
      ),
    runs: whole(1).default(200).describe('Inferences per variant to measure latency.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of a table.'),
  }),
  examples: [
    'weir models verify',
    'weir models verify --scenes 0 --json',
    'weir models verify --models ./my-family --images ./pictures',
  ],
  async run({ models, images, followLinks, scenes, runs }, { progress, print, out, signal }) {
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const onProgress = throttled(progress, signal);
    const verification = await asUsage(name, images === undefined ? '--models' : '--images', () =>
      verifyFamily({ family, images, followLinks, scenes, runs, onProgress }),
    );
    for (const line of verification.told) print(line);
    print(modelsTable(verification.variants));
    if (verification.looks) print(looksTable(verification.looks));
    for (const fault of verification.faults) print(`fault: ${fault}`);
    print(
      `${verification.ok ? 'as the manifest says' : 'not as the manifest says'}, ${scoredOn(verification)}`,
    );
    const { family: promises, ...rest } = verification;
    out({ ...rest, family: family.name, promises });
    return verification.ok ? Exit.done : Exit.failed;
  },
});

/** How many pictures, and which. */
function scoredOn({ pictures, variants }: Verification): string {
  if (pictures === 'none')
    return 'but of its accuracy nothing is known: the family has no labelled pictures; give some with --images';
  return `on ${variants[0]?.measured?.n ?? 0} pictures: the ${pictures}`;
}
