/** What each device of a cell may do, and what it comes to. */
export interface JointSearch<Choice> {
  /** Of each device, one or more. */
  readonly choices: readonly (readonly Choice[])[];
  /** Mean response time of one choice for each device, ms. */
  readonly meanMs: (joint: readonly Choice[]) => number;
  /** Accuracy above the floor; over all devices the sum must not be negative. */
  readonly surplusOf: (choice: Choice) => number;
}

export interface BestJoint<Choice> {
  readonly joint: readonly Choice[];
  readonly meanMs: number;
  /** True: every joint choice was tried. */
  readonly exact: boolean;
}

/** Up to so many joint choices are all tried. */
const bruteForceLimit = 20_000;
/** ms per unit of accuracy. */
const prices = [0, ...Array.from({ length: 25 }, (_, step) => 30 * 1.6 ** step)];
/** Of what the prices come to. */
const polishedStarts = 5;
const slack = 1e-9;

/**
 * The quickest joint choice at or above the floor; undefined when there is none. All are tried where they are few.
 * Otherwise one device after the other moves to where the whole is best under a price of accuracy, for many prices, and the
 * quickest of what they come to move on, by one device or by two, until nothing is quicker.
 */
export function bestJoint<Choice>(search: JointSearch<Choice>): BestJoint<Choice> | undefined {
  const { choices, meanMs } = search;
  const count = choices.reduce((product, { length }) => product * length, 1);
  if (count <= bruteForceLimit) return bruteForce(search);
  const met = new Map<string, Joint<Choice>>();
  for (const start of startsOf(search))
    for (const price of prices) {
      const value = (joint: readonly Choice[]) =>
        choices.length * meanMs(joint) - price * surplusOf(search, joint);
      let quickest: Joint<Choice> | undefined;
      descend(choices, start, value, (joint) => {
        const here = { joint, meanMs: meanMs(joint), surplus: surplusOf(search, joint) };
        if (here.surplus >= -slack && (!quickest || better(here, quickest))) quickest = here;
      });
      if (quickest) met.set(`${quickest.meanMs} ${quickest.surplus}`, quickest);
    }
  const starts = [...met.values()].sort((a, b) => a.meanMs - b.meanMs).slice(0, polishedStarts);
  const ends = starts.map((start) => polished(search, start));
  if (ends.length === 0) return undefined;
  const best = ends.reduce((a, b) => (better(b, a) ? b : a));
  return { joint: best.joint, meanMs: best.meanMs, exact: false };
}

interface Joint<Choice> {
  readonly joint: readonly Choice[];
  readonly meanMs: number;
  readonly surplus: number;
}

/** Quicker, or as quick and more accurate: what is left of the floor may let another device be quicker. */
const better = (a: Omit<Joint<never>, 'joint'>, b: Omit<Joint<never>, 'joint'>): boolean =>
  a.meanMs < b.meanMs - slack || (a.meanMs < b.meanMs + slack && a.surplus > b.surplus + slack);

function bruteForce<Choice>({
  choices,
  meanMs,
  surplusOf: surplus,
}: JointSearch<Choice>): BestJoint<Choice> | undefined {
  let best: BestJoint<Choice> | undefined;
  const joint: Choice[] = [];
  const visit = (device: number, sum: number): void => {
    if (device === choices.length) {
      if (sum < -slack) return;
      const ms = meanMs(joint);
      if (ms < (best?.meanMs ?? Infinity) - slack) best = { joint: [...joint], meanMs: ms, exact: true };
      return;
    }
    for (const choice of choices[device]!) {
      joint[device] = choice;
      visit(device + 1, sum + surplus(choice));
    }
  };
  visit(0, 0);
  return best;
}

const surplusOf = <Choice>(search: JointSearch<Choice>, joint: readonly Choice[]) =>
  joint.reduce((sum, choice) => sum + search.surplusOf(choice), 0);

/** Everybody does what is most accurate; everybody does the first thing. */
const startsOf = <Choice>(search: JointSearch<Choice>): Choice[][] => [
  search.choices.map((own) => own.reduce((a, b) => (search.surplusOf(b) > search.surplusOf(a) ? b : a))),
  search.choices.map(([first]) => first!),
];

/** Moves one device after the other to where `value` is least, until none moves; `met` is told where it stands. */
function descend<Choice>(
  choices: readonly (readonly Choice[])[],
  start: readonly Choice[],
  value: (joint: readonly Choice[]) => number,
  met: (joint: readonly Choice[]) => void,
): void {
  let joint = start;
  let least = value(joint);
  met(joint);
  for (let moved = true; moved;) {
    moved = false;
    for (const [device, own] of choices.entries())
      for (const choice of own) {
        const other = joint.with(device, choice);
        const otherValue = value(other);
        if (otherValue >= least - slack) continue;
        [joint, least, moved] = [other, otherValue, true];
        met(joint);
      }
  }
}

/** Moves by one device, then by two at once, for as long as that is better and above the floor. */
function polished<Choice>(search: JointSearch<Choice>, start: Joint<Choice>): Joint<Choice> {
  let best = start;
  for (let improved = true; improved;) {
    improved = false;
    for (const joint of neighbours(search.choices, () => best.joint)) {
      const surplus = surplusOf(search, joint);
      if (surplus < -slack) continue;
      const other = { joint, surplus, meanMs: search.meanMs(joint) };
      if (!better(other, best)) continue;
      best = other;
      improved = true;
    }
  }
  return best;
}

function* neighbours<Choice>(
  choices: readonly (readonly Choice[])[],
  from: () => readonly Choice[],
): Generator<readonly Choice[]> {
  for (const [a, own] of choices.entries())
    for (const choice of own) {
      yield from().with(a, choice);
      for (let b = a + 1; b < choices.length; b++)
        for (const other of choices[b]!) yield from().with(a, choice).with(b, other);
    }
}
