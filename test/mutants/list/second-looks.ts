import { mutantsOf } from '../mutant.ts';

/** Baselines and oracles of second looks. */
export const secondLooks = [
  ...mutantsOf('libs/learning/src/hi-lcb', [
    {
      title: 'the cost of a second look is not explored',
      file: 'margin-bins.ts',
      find: 'const lowerCost = lower(cost, looks);',
      replace: 'const lowerCost = looks === 0 ? -Infinity : cost / looks;',
    },
    {
      title: 'an audit counts as a second look',
      file: 'hi-lcb.ts',
      find: 'if (failure || shadow || auditProbability !== undefined) continue;',
      replace: 'if (failure || shadow) continue;',
    },
  ]),
  ...mutantsOf('libs/simulation/src', [
    {
      title: 'a joint choice below the floor is taken',
      file: 'hindsight/joint-search.ts',
      find: 'if (surplus < -slack) continue;',
      replace: '',
    },
    {
      title: 'the price of HI-LCB is the highest of all',
      file: 'hindsight/least-price.ts',
      find: 'if (meets(middle)) high = middle;',
      replace: 'if (meets(middle)) low = middle;',
    },
  ]),
  ...mutantsOf('libs/lab/src/measure', [
    {
      title: 'the bandit is tuned as if it knew everything from the first frame on',
      file: 'tune-hi-lcb.ts',
      find: 'escalatedBins(bins, confidence)',
      replace: 'escalatedBins(bins, 0)',
    },
    {
      title: 'the oracle of two looks looks first on the devices only',
      file: 'two-look-oracle.ts',
      find: 'const everywhere = [...localVariants.map(own), ...away];',
      replace: 'const everywhere = localVariants.map(own);',
    },
    {
      title: 'recovery counts the frames before the change',
      file: 'picture-blocks.ts',
      find: 'blocks.filter(({ changed }) => changed)',
      replace: 'blocks.filter(() => true)',
    },
    {
      title: 'a block goes on after the change',
      file: 'picture-blocks.ts',
      find: '    this.#end();\n    this.#changed = true;',
      replace: '    this.#changed = true;',
    },
  ]),
];
