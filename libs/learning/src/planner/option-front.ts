/** What a choice costs and how accurate it is. */
export interface Priced {
  readonly cost: number;
  readonly surplus: number;
}

/** Without the options that another makes pointless, as cheap and as accurate or better; by rising cost and surplus. */
export function undominated<T extends Priced>(options: readonly T[]): T[] {
  const sorted = options.toSorted((a, b) => a.cost - b.cost || b.surplus - a.surplus);
  let most = -Infinity;
  return sorted.filter(({ cost, surplus }) => {
    if (!(surplus > most && cost < Infinity)) return false;
    most = surplus;
    return true;
  });
}

/**
 * The lower convex hull of cost over surplus, by rising surplus: what some price of accuracy finds best. Of more than
 * `most` corners those are left out whose absence costs least.
 */
export function lowerHull<T extends Priced>(options: readonly T[], most: number): T[] {
  const corners: T[] = [];
  for (const option of undominated(options)) {
    while (corners.length > 1 && lossWithout(corners.at(-2)!, corners.at(-1)!, option) <= 0) corners.pop();
    corners.push(option);
  }
  while (corners.length > Math.max(2, most)) {
    let least = Infinity;
    let spare = 1;
    for (let at = 1; at < corners.length - 1; at++) {
      const loss = lossWithout(corners[at - 1]!, corners[at]!, corners[at + 1]!);
      if (loss >= least) continue;
      least = loss;
      spare = at;
    }
    corners.splice(spare, 1);
  }
  return corners;
}

/** How much dearer the mix of the neighbours is than the option between them; below 0: it is no corner. */
function lossWithout(before: Priced, option: Priced, after: Priced): number {
  const part = (option.surplus - before.surplus) / (after.surplus - before.surplus);
  return before.cost + part * (after.cost - before.cost) - option.cost;
}
