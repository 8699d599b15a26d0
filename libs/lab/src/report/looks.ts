import { hops } from '@weir/domain';

/** How a learner, a hop or a tier is drawn: everywhere the same. */
export interface Look {
  /** One of the custom properties of style.ts. */
  readonly colour: string;
  /** Told apart without colours as well, turned by `rotate` degrees. */
  readonly symbol: 'circle' | 'square' | 'triangle' | 'cross' | 'star';
  readonly rotate: number;
  /** Striped bars, dashed lines, hollow points. */
  readonly striped: boolean;
  /** 0..1: less lightens bars. */
  readonly strength: number;
}

function look(colour: number, symbol: Look['symbol'] = 'square', rotate = 0, striped = false): Look {
  return { colour: `var(--c${colour})`, symbol, rotate, striped, strength: 1 };
}

/** In the order in which they are listed everywhere. */
const learners: Readonly<Record<string, Look>> = {
  planner: look(1, 'circle'),
  default: look(1, 'circle'),
  'planner-one-look': look(1, 'circle', 0, true),
  snapshot: look(1, 'circle'),
  'offload-only': look(2),
  scratch: look(2),
  'device-only': look(3, 'triangle'),
  'edge-only': look(4, 'square', 45),
  'cloud-only': look(5, 'triangle', 180),
  hybrid: look(6, 'cross'),
  threshold: look(6, 'star'),
  'hi-lcb': look(9, 'star'),
  bandits: look(9, 'triangle'),
  'q-learning': look(7, 'cross', 45),
  'q-learning-masked': look(7, 'cross', 45, true),
  dqn: look(8, 'star'),
  'dqn-masked': look(8, 'star', 0, true),
  static: look(0, 'square', 45, true),
  oracle: look(0, 'square', 45, true),
  'oracle-two-looks': look(0, 'star', 45, true),
};

export const learnerLook = (name: string): Look => learners[name] ?? look(8, 'circle', 0, true);

/** Sees only joint placements that keep the floor. */
export const isMasked = (name: string): boolean => name.endsWith('-masked');

/** Order of legends, bars and rows; names that are not known come last. */
export const byLearner = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);

const rank = (name: string): number => [...Object.keys(learners), name].indexOf(name);

/** The parts of a response. */
export const hopLooks = hops.map(({ key, name }) => {
  return { key: String(key), name: String(name), look: { ...look(0), colour: `var(--hop-${name})` } };
});

export const otherHop: Look = look(7, 'square', 0, true);

export const tierLook = (tier: string): Look => look({ device: 3, edge: 4, cloud: 5 }[tier] ?? 8);
