import { ConfigError } from '@weir/base';
import type { Objective } from '@weir/domain';

const fields = { mean: 'meanWeight', tail: 'tailWeight', energy: 'energyMsPerJ' } as const;

/** Reads `mean=1,tail=0.5,energy=20`. Throws ConfigError, naming the flag, for anything else. */
export function readWeights(command: string, flag: string, text: string): Partial<Objective> {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [key = '', value = ''] = part.split('=').map((each) => each.trim());
      const weight = Number(value);
      if (!Object.hasOwn(fields, key) || value === '' || !Number.isFinite(weight) || weight < 0)
        throw new ConfigError(command, [
          { field: flag, description: `expected e.g. mean=1,tail=0.5,energy=20, each >= 0 (got ${part})` },
        ]);
      return [fields[key as keyof typeof fields], weight];
    }),
  );
}
