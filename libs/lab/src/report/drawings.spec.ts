import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barRows } from './bar-rows.ts';
import { groupedBars } from './grouped-bars.ts';
import { linePanel } from './line-panel.ts';
import { learnerLook } from './looks.ts';
import { drawing, type Panel } from './plot.ts';

const written = (panel: Panel): string => drawing(panel, 'id').text;
const numbers = (text: string): number[] => [...text.matchAll(/-?[\d.]+/g)].map(([number]) => Number(number));
/** The rectangle that is named by its title. */
const rectangle = (svg: string, title: string) => {
  const [, attributes] = new RegExp(`<rect ([^>]*)><title>${title}<`).exec(svg)!;
  const of = (name: string) => Number(new RegExp(`(?:^| )${name}="([^"]+)"`).exec(attributes!)![1]);
  return { x: of('x'), y: of('y'), width: of('width'), height: of('height') };
};
const about = { title: 'Title', description: 'What is seen' };

describe('grouped bars', () => {
  const panel = (line: number, ...means: number[]) =>
    written(
      groupedBars({
        ...about,
        groups: means.map((mean, at) => {
          const learner = ['planner', 'dqn', 'hybrid'][at]!;
          const interval = { mean, low: mean - 5, high: mean + 5 };
          return { ...interval, group: '89', learner, look: learnerLook(learner), title: learner };
        }),
        lines: [{ group: '89', value: line }],
        axis: 'ms',
        groupsAxis: 'floor',
        top: 400,
      }),
    );

  it('are as high as their values', () => {
    const svg = panel(100, 100, 200, 400);
    const [low, middle, high] = ['planner', 'dqn', 'hybrid'].map((title) => rectangle(svg, title).height);
    expect(middle! / low!).toBeCloseTo(2, 1);
    expect(high! / low!).toBeCloseTo(4, 1);
  });

  it('have a line at the oracle', () => {
    const at = (line: number) => {
      const [, attributes] = /<line ([^>]*)><title>oracle: /.exec(panel(line, 300))!;
      return Number(/y1="([^"]+)"/.exec(attributes!)![1]);
    };
    expect(at(100) - at(200)).toBeCloseTo(at(200) - at(300), 1);
    expect(at(100)).toBeGreaterThan(at(200));
  });

  it('are cut at the top, where they say how high they are', () => {
    expect(panel(100, 100, 987)).toMatch(/<text[^>]*rotate\(-90\)[^>]*>987</);
    expect(panel(100, 100, 387)).not.toContain('>387<');
  });

  it('bear that there is nothing to show', () => {
    expect(panel(NaN)).not.toContain('NaN');
    expect(panel(NaN, NaN)).not.toContain('NaN');
  });
});

describe('rows of bars', () => {
  const look = learnerLook('planner');
  const row = (parts: readonly number[], more = {}) => ({
    name: 'planner',
    parts: parts.map((value, at) => ({ value, look, title: `part ${at}`, text: `text ${at}` })),
    end: 'END',
    ...more,
  });
  const svgOf = (...rows: ReturnType<typeof row>[]) =>
    written(barRows({ ...about, rows, axis: 'ms', top: 100 }));

  it('stack their parts by value', () => {
    const svg = svgOf(row([20, 60]));
    const [first, second] = [rectangle(svg, 'part 0'), rectangle(svg, 'part 1')];
    expect(second.x).toBeCloseTo(first.x + first.width + 0.75, 1);
    expect((second.width + 0.75) / (first.width + 0.75)).toBeCloseTo(3, 1);
  });

  it('name parts only where there is room', () => {
    expect(svgOf(row([2, 60]))).toContain('>text 1<');
    expect(svgOf(row([2, 60]))).not.toContain('>text 0<');
  });

  it('leave out what was not measured', () => {
    const svg = svgOf(row([NaN], { interval: { low: NaN, high: NaN }, mark: { value: NaN, title: 'p95' } }));
    expect(svg).not.toMatch(/NaN|p95/);
    expect(svg).toContain('>END<');
  });
});

describe('lines', () => {
  const panel = (points: readonly { x: number; y: number }[], y = { domain: [0, 100] as const }) =>
    written(
      linePanel({
        ...about,
        lines: [{ learner: 'planner', points }],
        x: { domain: [0, 10], label: 'epochs', tickFormat: String },
        y: { ...y, label: 'ms', tickFormat: String },
        events: [{ x: 5, label: 'an event' }],
      }),
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

  it('stand below the names of events', () => {
    expect(panel([])).toContain('>an event<');
  });
});
