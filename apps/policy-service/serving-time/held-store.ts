import type { Store } from '@weir/storage';

/** A store whose answers wait until they are let through. */
export function heldStore(store: Store): { store: Store; answers: () => Promise<(() => void)[]> } {
  let underWay: Promise<() => void>[] = [];
  const hold = <T>(answer: Promise<T>): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    underWay.push(
      answer.then(
        (value) => () => resolve(value),
        (error: unknown) => () => reject(error),
      ),
    );
    return promise;
  };
  return {
    store: new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || typeof name === 'symbol') return value;
        return (...given: unknown[]) => {
          const answer: unknown = Reflect.apply(value, target, given);
          return answer instanceof Promise ? hold(answer) : answer;
        };
      },
    }),
    /** Of all that was asked before, once they are there; what lets each through. */
    answers() {
      const asked = underWay;
      underWay = [];
      return Promise.all(asked);
    },
  };
}
