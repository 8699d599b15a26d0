import { hops } from '@weir/domain';

/** How a learner, a hop or a tier is drawn: everywhere the same. */
export interface Look {
  /** One of the custom properties `--c0` to `--c9`, in style.ts. */
  readonly colour: string;
  /** Told apart without colours as well. */
  readonly shape: Shape;
  /** Striped bars and dashed lines. */
  readonly striped: boolean;
}

/** Symbols of Observable Plot. */
export type Shape = 'circle' | 'square' | 'triangle' | 'diamond2' | 'wye' | 'plus' | 'times' | 'asterisk';

const look = (colour: number, shape: Shape, striped = false): Look => ({
  colour: `var(--c${colour})`,
  shape,
  striped,
});

/** In the order in which they are listed everywhere. Striped: sees only joint placements that keep the floor. */
const learners: Readonly<Record<string, Look>> = {
  planner: look(1, 'circle'),
  default: look(1, 'circle'),
  snapshot: look(1, 'circle'),
  'offload-only': look(2, 'square'),
  scratch: look(2, 'square'),
  'device-only': look(3, 'triangle'),
  'edge-only': look(4, 'diamond2'),
  'cloud-only': look(5, 'wye'),
  hybrid: look(6, 'plus'),
  bandits: look(9, 'triangle'),
  'q-learning': look(7, 'times'),
  'q-learning-masked': look(7, 'asterisk', true),
  dqn: look(8, 'square'),
  'dqn-masked': look(8, 'square', true),
  static: look(0, 'diamond2', true),
  oracle: look(0, 'diamond2'),
};

const order = Object.keys(learners);

export const learnerLook = (name: string): Look => learners[name] ?? look(8, 'circle', true);

/** Order of legends, bars and rows. */
export const byLearner = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);

const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);

/** The parts of a response. */
export const hopLooks: readonly { readonly key: string; readonly name: string; readonly look: Look }[] =
  hops.map(({ key, name }) => ({
    key,
    name,
    look: { colour: `var(--hop-${name})`, shape: 'square', striped: false },
  }));

export const otherHop: Look = look(7, 'square', true);

export const tierLook = (tier: string): Look => look({ device: 3, edge: 4, cloud: 5 }[tier] ?? 8, 'square');
