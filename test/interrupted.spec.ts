import { describe, expect, it } from 'vitest';
import { weir } from './support/weir.ts';

/** Those that bring up a cell are stopped in living-cell.spec.ts. */
describe('a command that computes for long', () => {
  it.each([
    ['models list --runs 1000000', /: 1 of 1000000/],
    ['learn --interactions 10000 --users 2 --seeds 1000', /\d %/],
    ['bench plan --repeats 2000', /solving cells of 50 /],
  ])('ends with 130 on Ctrl-C: weir %s', async (line, begun) => {
    const run = weir(...line.split(' '));
    await run.line(begun);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
  });
});
