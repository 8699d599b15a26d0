import { ConfigError, Exit, WeirError, share, unlessAborted } from '@weir/base';
import { defaultObjective, mostLooks, type Objective } from '@weir/domain';
import { loadFamily } from '@weir/inference';
import { learnerFactory } from '@weir/learning';
import { replay, type ReplayPolicy } from '@weir/simulation';
import { checkNatsFlags, type NatsFlags, natsFlags, natsServersOf } from '@weir/storage';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { attainable, replayCellOf } from '../replay/cell-of.ts';
import { type JournalPlace, readJournal } from '../replay/journal.ts';
import { replayTable } from '../replay/replay-table.ts';
import { readWeights } from '../replay/weights.ts';

const name = 'weir replay';
const whole = (least: number, most: number) =>
  z
    .number('expected a number')
    .int('expected a whole number')
    .min(least, `must be >= ${least}`)
    .max(most, `must be <= ${most}`);
const looks = (of: string) => whole(1, mostLooks).optional().describe(of);
const weightsSyntax = 'mean=W,tail=W,energy=MS_PER_J; what is left out stays';

export default defineCommand({
  name,
  summary:
    'From the journal of a cell: what another objective or learner would have cost, and whether it can tell.',
  schema: z
    .object({
      data: z
        .string('expected the --data folder of a PolicyService')
        .optional()
        .describe('Data folder of a PolicyService, which may be running on it: it is only read.'),
      ...natsFlags,
      cell: z.string().optional().describe('Cell; may be left out where there is one.'),
      floor: share().optional().describe('Average accuracy floor, 0..1 [as it was].'),
      looks: looks('Looks that a frame may get [as it was].'),
      weights: z.string().optional().describe(`Weights of the objective: ${weightsSyntax} [as they were].`),
      learner: z.string().optional().describe('Learner, or the file of your own [as it was].'),
      wasFloor: share()
        .optional()
        .describe('Floor while the journal was written; needed where PolicyService had it from its flags.'),
      wasLooks: looks('Looks that a frame might get then [as set at run time, else 2].'),
      wasWeights: z
        .string()
        .optional()
        .describe('Weights of the objective then [as set at run time, else mean=1].'),
      wasLearner: z.string().optional().describe('Learner then [as chosen at run time, else planner].'),
      models: z
        .string()
        .optional()
        .describe('Folder of the model family, for its curves of second looks; the embedded one by default.'),
      frames: whole(200, 100_000).default(4_000).describe('Newest frames of the journal that are replayed.'),
      resamples: whole(4, 200)
        .default(12)
        .describe('Resamples of the journal: more take longer and make the interval steadier.'),
      seed: whole(1, 1_000_000).default(1).describe('Seed of the resamples.'),
      json: z.boolean().default(false).describe('One JSON document on stdout instead of a table.'),
    })
    .superRefine(checkNatsFlags),
  examples: [
    'weir replay --data /var/lib/weir --cell shop-7 --floor 0.87',
    'weir replay --data /var/lib/weir --looks 1 --was-floor 0.85',
    'weir replay --data /var/lib/weir --weights tail=1,energy=20 --json',
    'weir replay --data /var/lib/weir --learner ./mine.ts --frames 20000',
    'weir replay --store nats://10.0.0.1:4222 --cell shop-7 --looks 1',
  ],
  async run(config, { signal, out, print, progress }) {
    const { models, frames, resamples, seed } = config;
    const place = placeOf(config);
    const source = 'data' in place ? '--data' : '--store';
    const journal = await asUsage(name, config.cell === undefined ? source : '--cell', () =>
      unlessAborted(readJournal(place, config.cell), signal),
    );
    if (!journal.objective && config.wasFloor === undefined)
      throw notHere(
        '--was-floor',
        `no objective was set in cell ${journal.cellId} at run time, so that of PolicyService's flags was in force: ` +
          'say its --accuracy-floor (0 where it had none)',
      );
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const cell = replayCellOf(journal.members, family.looks);
    const was = changed(journal.objective ?? defaultObjective, {
      floor: config.wasFloor,
      looks: config.wasLooks,
      weights: config.wasWeights,
      flag: '--was-weights',
    });
    const asked = changed(was, { ...config, flag: '--weights' });
    const best = attainable(cell, asked.allowedTiers);
    if (asked.accuracyFloor > best + 1e-9)
      throw notHere(
        '--floor',
        `${asked.accuracyFloor} is out of reach: the best that the cell can is ${best.toFixed(4)}`,
      );
    const wasLearner = config.wasLearner ?? journal.learner ?? 'planner';
    const inForce = await policyOf('--was-learner', was, wasLearner);
    const wanted = await policyOf('--learner', asked, config.learner ?? wasLearner);

    if (journal.damaged > 0)
      progress(`${journal.damaged} rows of the journal are no outcomes and are left out`);
    progress(`replaying up to ${frames} of ${journal.outcomes.length} outcomes of cell ${journal.cellId}`);
    try {
      const result = await replay({
        outcomes: journal.outcomes,
        cell,
        inForce,
        asked: wanted,
        seed,
        newest: frames,
        resamples,
        signal,
        onProgress: (done) => progress(`${Math.round(100 * done)} %`),
      });
      out({
        ...result,
        config: { cell: journal.cellId, was, asked, wasLearner, learner: config.learner ?? wasLearner, seed },
      });
      print(replayTable(result));
      return Exit.done;
    } catch (error) {
      if (signal.aborted) return Exit.interrupted;
      if (error instanceof WeirError) throw notHere(source, error.message);
      throw error;
    }
  },
});

function placeOf(config: NatsFlags & { readonly data?: string | undefined }): JournalPlace {
  const nats = natsServersOf(config);
  if (nats && config.data === undefined) return { nats };
  if (!nats && config.data !== undefined) return { data: config.data };
  throw notHere(
    '--data',
    nats
      ? 'must not be given with --store: the journal is in one of them'
      : 'expected the --data folder of a PolicyService, or its --store',
  );
}

interface Change {
  readonly floor?: number | undefined;
  readonly looks?: number | undefined;
  readonly weights?: string | undefined;
  /** That the weights are of. */
  readonly flag: string;
}

function changed(from: Objective, { floor, looks: most, weights, flag }: Change): Objective {
  const objective = {
    ...from,
    ...(floor !== undefined && { accuracyFloor: floor }),
    ...(most !== undefined && { maxLooks: most }),
    ...(weights !== undefined && readWeights(name, flag, weights)),
  };
  if (objective.meanWeight === 0 && objective.tailWeight === 0)
    throw notHere(flag, 'mean and tail must not both be 0');
  return objective;
}

const policyOf = (flag: string, objective: Objective, learner: string): Promise<ReplayPolicy> =>
  asUsage(name, flag, () => {
    const factory = learnerFactory(learner);
    return { objective, createLearner: (random) => factory.create({ random }) };
  });

const notHere = (field: string, description: string) => new ConfigError(name, [{ field, description }]);
