import type { PlotOptions } from '@observablehq/plot';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarRow, barRows } from './bar-rows.ts';
import { lines } from './line-panel.ts';
import { learnerLook } from './looks.ts';
import { drawing } from './plot.ts';

const written = (plot: PlotOptions): string =>
  drawing({ title: 'Title', description: 'What is seen', plot }, 'id').text;
const numbers = (text: string): number[] => [...text.matchAll(/-?[\d.]+/g)].map(([number]) => Number(number));
/** The rectangle that is named by its title. */
const rectangle = (svg: string, title: string) => {
  const [, attributes] = new RegExp(`<rect ([^>]*)><title>${title}<`).exec(svg)!;
  const of = (name: string) => Number(new RegExp(`(?:^| )${name}="([^"]+)"`).exec(attributes!)![1]);
  return { x: of('x'), y: of('y'), width: of('width'), height: of('height') };
};

describe('rows of bars', () => {
  const row = (values: readonly number[], more = {}) => ({
    name: 'planner',
    parts: values.map((value, at) => ({
      ...learnerLook('planner'),
      value,
      title: `part ${at}`,
      text: `text ${at}`,
    })),
    end: 'END',
    ...more,
  });
  const svgOf = (...rows: BarRow[]) =>
    written(barRows(rows, { domain: [0, 100], label: 'ms', tickFormat: String }));
  const learner = (name: string, value: number, group: string, more = {}) => ({
    ...row([], more),
    name,
    group,
    parts: [{ ...learnerLook(name), value, title: `${name} ${group}` }],
  });

  it('stack their parts by value', () => {
    const svg = svgOf(row([20, 60]));
    const [first, second] = [rectangle(svg, 'part 0'), rectangle(svg, 'part 1')];
    expect(second.x).toBeCloseTo(first.x + first.width + 0.75, 1);
    expect((second.width + 0.75) / (first.width + 0.75)).toBeCloseTo(3, 1);
    expect(svg).toContain('>text 1<');
  });

  it('say what they are, on the same axis in each group', () => {
    const one = svgOf(learner('planner', 50, 'low'));
    expect(one).toContain('>planner<');
    expect(one).not.toContain('>low<');
    const two = svgOf(learner('planner', 50, 'low'), learner('planner', 100, 'high'));
    expect(two).not.toContain('>planner<');
    for (const group of ['low', 'high']) expect(two).toContain(`>${group}<`);
    const [low, high] = ['low', 'high'].map((group) => rectangle(two, `planner ${group}`).width + 0.75);
    expect(high! / low!).toBeCloseTo(2, 1);
  });

  it('are cut with a gap where they are longer than the axis', () => {
    const gap = /stroke="var\(--paper\)"[^>]*><line/;
    const [longest, longer] = [100, 987].map((value) => svgOf(row([value])));
    expect(rectangle(longer!, 'part 0').width).toBeCloseTo(rectangle(longest!, 'part 0').width, 1);
    expect(longer).toMatch(gap);
    expect(longest).not.toMatch(gap);
  });

  it('have a tick at their second value, and a line over their interval', () => {
    const lineOf = (svg: string, name: string, width: string) =>
      Number(new RegExp(`stroke-width="${width}"[^>]*><line [^>]*${name}="([^"]+)"`).exec(svg)![1]);
    const [near, far] = [20, 60].map((mark) => svgOf(row([50], { mark, low: mark - 5, high: mark + 5 })));
    const perUnit = (lineOf(far!, 'x1', '1.8') - lineOf(near!, 'x1', '1.8')) / 40;
    expect(perUnit).toBeGreaterThan(2);
    expect(lineOf(far!, 'x2', '1.2') - lineOf(far!, 'x1', '1.2')).toBeCloseTo(10 * perUnit, 0);
  });

  it('leave out what was not measured', () => {
    const nothing = { low: NaN, high: NaN, mark: null };
    const svg = svgOf(row([NaN], nothing));
    expect(svg).not.toMatch(/NaN|part 0/);
    expect(svg).toContain('>END<');
    expect(svgOf(learner('planner', NaN, '80', nothing), learner('dqn', NaN, '89', nothing))).not.toContain(
      'NaN',
    );
    expect(written(barRows([], { domain: [0, 1] }))).not.toContain('NaN');
  });
});

describe('lines', () => {
  const panel = (points: readonly { x: number; y: number }[], y = { domain: [0, 100] as const }) =>
    written(
      lines(
        [{ learner: 'planner', points }],
        { domain: [0, 10], label: 'epochs', tickFormat: String },
        { ...y, label: 'ms', tickFormat: String },
        { events: [{ x: 5, label: 'an event' }] },
      ),
    );
  const path = (svg: string) => numbers(/ d="(M[^"]+)"[^>]*><title>planner/.exec(svg)![1]!);

  it('go through their points, and along the edge where those lie outside', () => {
    const point = fc.record({
      x: fc.double({ min: 0, max: 10, noNaN: true }),
      y: fc.double({ min: -50, max: 150, noNaN: true }),
    });
    const [[left, bottom], [right, top]] = [
      path(
        panel([
          { x: 0, y: 0 },
          { x: 10, y: 100 },
        ]),
      ),
    ].map((ends) => [
      [ends[0]!, ends[1]!],
      [ends[2]!, ends[3]!],
    ])[0] as [[number, number], [number, number]];
    fc.assert(
      fc.property(point, ({ x, y }) => {
        const [, , px, py] = path(
          panel([
            { x: 0, y: 0 },
            { x, y },
          ]),
        );
        expect(px).toBeCloseTo(left + ((right - left) * x) / 10, 1);
        expect(py).toBeCloseTo(bottom + ((top - bottom) * Math.min(100, Math.max(0, y))) / 100, 1);
      }),
      { numRuns: 30 },
    );
  });

  it('mark each of few points with its interval, and some of many on a band', () => {
    const point = (x: number) => ({ x, y: 50, low: 40, high: 60 });
    const marksOf = (count: number) => {
      const svg = panel(Array.from({ length: count }, (_, at) => point((10 * at) / count)));
      const marks = svg.match(/<circle /g) ?? [];
      return { marks: marks.length, band: svg.includes('fill-opacity="0.15"') };
    };
    expect(marksOf(5)).toEqual({ marks: 5, band: false });
    expect(marksOf(80)).toEqual({ marks: 8, band: true });
  });

  it('stand below the names of events', () => {
    expect(panel([])).toContain('>an event<');
  });
});
