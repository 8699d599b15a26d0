import { setTimeout as pause } from 'node:timers/promises';

/** Asks a server, which tells nobody when it has something, again and again until it has. Throws what it said last. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { withinMs = 30_000, everyMs = 200 } = {},
): Promise<T> {
  const until = Date.now() + withinMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  } while (Date.now() < until);
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
}
