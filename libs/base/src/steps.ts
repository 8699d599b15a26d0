/**
 * Work that stops at every `yield`, so that whoever runs it may see to something else before it goes on; at `rest` it
 * should, because what was done makes work elsewhere.
 */
export type Steps<T> = Generator<'rest' | undefined, T, void>;

/** Does it without a stop. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `Array.map`, with a stop after every `length` items. */
export function* mapInSteps<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => R,
  length = 32,
): Steps<R[]> {
  const mapped: R[] = [];
  for (let index = 0; index < items.length; index++) {
    if (index > 0 && index % length === 0) yield;
    mapped.push(map(items[index]!, index));
  }
  return mapped;
}
