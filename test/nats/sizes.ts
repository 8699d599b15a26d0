/** Flags of `npm run test:nats`, with what they are where they are not given. */
export const sizes = {
  /** What is broken when, and how. */
  seed: { least: 0, usual: 1 },
  cells: { least: 1, usual: 12 },
  /** In each cell. */
  agents: { least: 1, usual: 4 },
  faults: { least: 1, usual: 8 },
  /** Time between two outcomes of an agent. */
  'period-ms': { least: 1, usual: 500 },
  /** How long the uplink of a site is cut. */
  'cut-ms': { least: 1, usual: 5_000 },
  /** Longest time until a cell is owned again. The machine's own tests may be far slower than a machine with nothing else to do. */
  'within-ms': { least: 1, usual: 30_000 },
} as const;

export type Size = Record<keyof typeof sizes, number>;

const variableOf = (flag: string) => `WEIR_NATS_${flag.replace('-', '_').toUpperCase()}`;

export const asEnvironment = (size: Partial<Size>): Record<string, string> =>
  Object.fromEntries(Object.entries(size).map(([flag, value]) => [variableOf(flag), String(value)]));

/** What the run was given. */
export const givenSize = (): Size =>
  Object.fromEntries(
    Object.entries(sizes).map(([flag, { usual }]) => [flag, Number(process.env[variableOf(flag)] ?? usual)]),
  ) as Size;
