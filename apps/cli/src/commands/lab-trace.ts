import { writeFile } from 'node:fs/promises';
import { Exit, seededRandom, share } from '@weir/base';
import { formatTrace, generateTrace } from '@weir/lab';
import { z } from 'zod';
import { defineCommand } from '../command.ts';

const positive = (most: number) =>
  z.number('expected a number').positive('must be > 0').max(most, `must be <= ${most}`);

export default defineCommand({
  name: 'weir lab trace',
  summary:
    'Writes a link trace (CSV) for weir lab run --link-trace: rate and delay that wander as a radio link does.',
  schema: z.object({
    out: z.string().optional().describe('File; stdout when absent.'),
    seconds: positive(86_400).default(120).describe('Length, s.'),
    stepS: positive(3_600).default(1).describe('Time between two points, s.'),
    rateMbps: positive(100_000).default(20).describe('Median rate, Mbit/s.'),
    delayMs: positive(10_000).default(30).describe('Median delay one way, ms.'),
    variation: z
      .number('expected a number')
      .min(0, 'must be >= 0')
      .max(3, 'must be <= 3')
      .default(0.5)
      .describe('Spread: standard deviation of the logarithm.'),
    memory: share().default(0.9).describe('How much a point resembles the one before, 0..1.'),
    seed: z
      .number('expected a number')
      .int('expected a whole number')
      .min(0, 'must be >= 0')
      .default(1)
      .describe('Seed.'),
    json: z.boolean().default(false).describe('The points as one JSON document on stdout instead.'),
  }),
  examples: ['weir lab trace --out radio.csv && weir lab run --link-trace radio.csv'],
  async run({ out: file, seed, json: _, ...options }, { out, print, progress }) {
    const points = generateTrace({ ...options, random: seededRandom(seed) });
    out({ points });
    if (file === undefined) print(formatTrace(points).trimEnd());
    else {
      await writeFile(file, formatTrace(points));
      progress(`wrote ${points.length} points to ${file}`);
    }
    return Exit.done;
  },
});
