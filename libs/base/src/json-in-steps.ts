import type { Steps } from './steps.ts';

/** Items of a list that are written without a stop. */
const itemsAtOnce = 32;

/** As `JSON.stringify` of plain data, with stops in long lists. */
export function* jsonInSteps(value: unknown): Steps<string> {
  const pieces: string[] = [];
  yield* write(value, pieces);
  return pieces.join('');
}

function* write(value: unknown, pieces: string[]): Steps<void> {
  if (Array.isArray(value)) return yield* writeList(value, pieces);
  if (!isPlain(value)) return void pieces.push(JSON.stringify(value) ?? 'null');
  let separator = '{';
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) continue;
    pieces.push(separator, JSON.stringify(key), ':');
    yield* write(each, pieces);
    separator = ',';
  }
  pieces.push(separator === '{' ? '{}' : '}');
}

function* writeList(list: readonly unknown[], pieces: string[]): Steps<void> {
  pieces.push('[');
  // The long list may be in one of few items.
  if (list.length <= itemsAtOnce)
    for (const [at, item] of list.entries()) {
      if (at > 0) pieces.push(',');
      yield* write(item, pieces);
    }
  else
    for (let at = 0; at < list.length; at += itemsAtOnce) {
      if (at > 0) {
        yield;
        pieces.push(',');
      }
      pieces.push(JSON.stringify(list.slice(at, at + itemsAtOnce)).slice(1, -1));
    }
  pieces.push(']');
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !('toJSON' in value);
