import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { FakeClock } from '@weir/base';
import type { Overview } from '@weir/lab';
import { describe, expect, it } from 'vitest';
import { reproductionView } from './reproduction-view.ts';

const overview: Overview = {
  done: 12,
  total: 116,
  running: [
    {
      name: 'a-89',
      step: { phase: 'experiment', label: 'planner', done: 120, total: 460, unit: 'epochs' },
    },
    { name: 'poisson-30', step: undefined },
  ],
  remainingMs: 30.2 * 60_000,
};

/** A view over a clock that stands still, and what it has written so far. */
function open({ terminal }: { readonly terminal: boolean }) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const stream = new PassThrough();
  const view = reproductionView({
    terminal: terminal ? stream : undefined,
    progress: (text) => void lines.push(text),
    clock,
  });
  const written = () => stripVTControlCharacters((stream.read() as Buffer | null)?.toString() ?? '');
  return { clock, view, lines, written };
}

describe('the view of a reproduction', () => {
  it('is one line every half minute where there is no terminal, however much happens', () => {
    const { clock, view, lines } = open({ terminal: false });
    for (let step = 0; step < 300; step++) {
      view.show(overview);
      clock.advance(250);
    }
    view[Symbol.dispose]();
    clock.advance(60_000);
    const line =
      '12 of 116 experiments, about 31 min left; a-89: 120 of 460 epochs (planner); poisson-30: starting the cell';
    expect(lines).toEqual([line, line]);
  });

  it('renews its lines on a terminal, those that stay above them, and leaves the last state there', () => {
    const { clock, view, lines, written } = open({ terminal: true });
    view.say('11 of 116: a-85, 1.2 min');
    view.show(overview);
    clock.advance(250);
    expect(written().trim().split('\n')).toEqual([
      '11 of 116: a-85, 1.2 min',
      '12 of 116 experiments, about 31 min left',
      '  a-89        120 of 460 epochs (planner)',
      '  poisson-30  starting the cell',
    ]);
    clock.advance(1_000);
    expect(written()).toBe('');
    view.show({ done: 116, total: 116, running: [], remainingMs: 0 });
    view[Symbol.dispose]();
    expect(written().trim()).toBe('116 of 116 experiments');
    expect(lines).toEqual([]);
  });

  it('says nothing of time where it is too early to tell, and of minutes at the end', () => {
    const { clock, view, lines } = open({ terminal: false });
    for (const remainingMs of [undefined, 20_000]) {
      view.show({ ...overview, running: [], remainingMs });
      clock.advance(30_000);
    }
    expect(lines).toEqual(['12 of 116 experiments', '12 of 116 experiments, less than a minute left']);
  });
});
