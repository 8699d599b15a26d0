import { ConfigError } from '@weir/base';
import { type ChangedFamily, changeStages, type Stage, type StageChange } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import type { CommandContext } from '../command.ts';
import { jsonFlag } from '../operate/flags.ts';
import { percent } from '../words.ts';

/** What the commands that change a family's stages have in common. */
export const stageFlags = {
  models: z
    .string('name the folder of the family')
    .describe(
      'Folder of the model family; agents and workers that serve it take the change up by themselves.',
    ),
  json: jsonFlag,
};

/** Changes the family that `--models` names, and says how it stands then. */
export async function changeFamily(
  command: string,
  { models, change }: { readonly models: string; readonly change: StageChange },
  { progress, print, out, signal }: Pick<CommandContext, 'progress' | 'print' | 'out' | 'signal'>,
): Promise<void> {
  const onWait = () => progress(`waiting: an import into ${models} is under way`);
  const family = await asUsage(command, '--models', () => changeStages(models, change, { signal, onWait }));
  out(family);
  for (const line of familyLines(family)) print(line);
}

const familyLines = ({ variants, pinned }: ChangedFamily): readonly string[] => [
  ...variants.map(({ name, stage }) => `${name}: ${stageText(stage)}`),
  ...(pinned === undefined ? [] : [`every frame uses ${pinned}`]),
];

/** Where a variant stands, for people. */
export const stageText = (stage: Stage | undefined): string => {
  if (!stage) return 'in service';
  return stage.kind === 'retired' ? 'retired' : `canary, ${percent(stage.share)} of ${stage.of}`;
};

/** `5%` or `0.05` as a fraction. @throws ConfigError for anything but a share between 0 and 1 */
export function shareOf(command: string, field: string, text: string): number {
  const [, digits, sign] = /^\s*(\d+\.?\d*|\.\d+)\s*(%?)\s*$/.exec(text) ?? [];
  const share = digits === undefined ? NaN : Number(digits) / (sign === '%' ? 100 : 1);
  if (share > 0 && share < 1) return share;
  const description = `${text} is no share between 0 and 1, e.g. 5% or 0.05`;
  throw new ConfigError(command, [{ field, description }]);
}
