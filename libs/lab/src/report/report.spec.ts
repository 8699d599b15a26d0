import { describe, expect, it } from 'vitest';
import type { ExperimentResult, PicturesResult, Results } from '../measure/results.ts';
import { figure as plain, oneDecimal, whole } from './format.ts';
import { reportHtml } from './report.ts';
import { fakeExperiment, fakeResults } from './results.fixture.ts';
import { proportion, seededRandom } from '@weir/base';

const results = fakeResults();
const html = reportHtml(results);
const text = html
  .replace(/<style>[^]*<\/style>/, '')
  .replace(/<[^>]+>/g, '')
  .replaceAll('\u00a0', ' ');

const sections = [
  'headline',
  'setting',
  'response',
  'users',
  'accuracy',
  'learning',
  'hops',
  'placements',
  'adaptation',
  'transfer',
  'arrivals',
  'second-looks',
  'overheads',
  'oracle',
  'floors',
  'published',
];

describe('reportHtml', () => {
  it('has every section, in the order in which people ask', () => {
    expect([...html.matchAll(/<section id="([\w-]+)">/g)].map(([, id]) => id)).toEqual(sections);
    expect(html).not.toContain('Not among these results');
  });

  it('tells which rules did not run, as they cannot meet the floor', () => {
    const [first, ...others] = results.units as [ExperimentResult, ...Results['units']];
    const units = [{ ...first, unable: ['hi-lcb'] }, ...others];
    expect(reportHtml({ ...results, units })).toContain(
      `Did not run, as nothing lets them meet the floor: hi-lcb (${first.name}).`,
    );
    expect(html).not.toContain('Did not run');
  });

  it('tells block by block of pictures that change, where an experiment had any', () => {
    const known = { truths: null, audits: null, correction: null };
    const block = { frames: 500, failed: 0, bestRight: 0.87, firstRight: 0.84, promised: 0.86, looks: 0.2 };
    const unit: PicturesResult = {
      kind: 'pictures',
      name: 'drift-pictures',
      title: 'Pictures lose contrast',
      learner: 'planner',
      users: 5,
      floor: { label: 'best-0.9', value: 0.859 },
      pattern: 'poisson',
      load: 0.9,
      framesPerSecondAndDevice: 2,
      contrast: 0.6,
      audits: 0.02,
      truths: false,
      seed: 1,
      seconds: 400,
      blocks: [
        { ...block, changed: false, right: proportion(430, 500), meanMs: 150, known },
        {
          ...block,
          changed: true,
          right: proportion(415, 500),
          meanMs: 170,
          known: {
            ...known,
            audits: { count: 60, measured: 0.91, promised: 0.95, lowerBound: 0.87, level: 0.95 },
            correction: { shortfall: 0, firsts: [{ variant: 'small', loss: 1.6, share: 1.3 }] },
          },
        },
      ],
      framesToRecover: 1_000,
    };
    const changing = reportHtml({ ...results, units: [unit] }).replaceAll('\u00a0', ' ');
    expect(changing).toContain('<section id="pictures">');
    expect(changing).toContain('2.0 % of the answers are audited');
    expect(changing).toContain('From 1000 frames after the change on');
    expect(changing).toContain('91.0 % (87.0 %)');
  });

  it('opens with the planner against offload-only as measured in A with five users at floor 89', () => {
    const unit = results.units.find(({ name }) => name === 'A-5-89-measured');
    if (unit?.kind !== 'epochs') throw new Error('the fixture lacks A-5-89');
    const [planner, offloadOnly, oracle] = ['planner', 'offload-only', 'oracle'].map((name) =>
      unit.learners.find(({ learner }) => learner === name)!,
    );
    const points = planner!.accuracyOverOffloadOnly!;
    const sentence = text.slice(text.indexOf('Experiment A, 5 users, floor 89'));
    expect(sentence).toContain(`the planner answers in ${whole(planner!.steadyMs.mean)} ms`);
    expect(sentence).toContain(`offload-only needs ${whole(offloadOnly!.steadyMs.mean)} ms`);
    expect(sentence).toContain(`${oneDecimal(-planner!.overOffloadOnlyPct!)} % faster`);
    expect(sentence).toContain(`${oneDecimal(Math.abs(points.mean))} points`);
    expect(sentence).toContain(`(${oneDecimal(points.low)} to ${oneDecimal(points.high)})`);
    expect(sentence).toContain(`oracle takes ${whole(oracle!.steadyMs.mean)} ms`);
    const gap = planner!.gapToOracleIntervalPct!;
    expect(sentence).toContain(
      `${oneDecimal(Math.abs(planner!.gapToOraclePct))} % ${planner!.gapToOraclePct < 0 ? 'below' : 'above'} it (${oneDecimal(gap.low)} to ${oneDecimal(gap.high)})`,
    );
  });

  it('says how the default rule did against the static joint placement', () => {
    const unit = results.units.find(({ name }) => name === 'poisson-0.6');
    if (unit?.kind !== 'arrivals') throw new Error('the fixture lacks the arrivals');
    const rule = unit.rules.find(({ rule: name }) => name === 'default')!;
    expect(text).toContain('Poisson arrivals at 60 % load');
    expect(text).toContain(
      `${oneDecimal(-rule.overStaticPct!)} % faster, with the floor held at every frame`,
    );
  });

  it('does not call a floor held that was broken in a warm-up or while the rule learned', () => {
    const broken = { frames: 500, floorViolations: 3 };
    for (const phase of ['warmup', 'learning']) {
      const units = results.units.map((unit) =>
        unit.kind === 'arrivals'
          ? { ...unit, rules: unit.rules.map((rule) => ({ ...rule, [phase]: broken })) }
          : unit,
      );
      const document = reportHtml({ ...results, units });
      expect(document).toContain('with the floor broken after 3 frames');
      expect(document).toContain('3 of 500');
      expect(document).not.toContain(' ms ✓');
    }
  });

  it('says what the looks of masked learners mean, beneath each figure that has any', () => {
    for (const figure of html.match(/<figure [^]*?<\/figure>/g)!) {
      const [legend] = /<ul class="legend">[^]*?<\/ul>/.exec(figure) ?? [''];
      expect(figure.includes('Masked learners (striped')).toBe(legend.includes('-masked<'));
    }
  });

  it('cuts what is far beyond the oracle, with its figure and a sign', () => {
    const figure = html.slice(html.indexOf('<figure id="figure-response"'), html.indexOf('id="users"'));
    const unit = results.units.find(({ name }) => name === 'A-5-89-measured') as ExperimentResult;
    const endOf = (name: string) =>
      plain(unit.learners.find(({ learner }) => learner === name)!.steadyMs.mean);
    expect(figure).toContain(`>${endOf('cloud-only')} ▸<`);
    expect(figure).toContain(`>${endOf('planner')}<`);
  });

  it('sets goals only for what they were set for', () => {
    const other = reportHtml({
      ...results,
      units: results.units.filter(({ name }) => name === 'B-5-89-measured'),
    });
    expect(html).toContain('at least 35');
    expect(other).not.toContain('at least 35');
    expect(other).toContain('Experiment B, 5 users, floor 89: the planner answers');
  });

  it('marks each gap above 5 % and gives the notes', () => {
    const beyond = results.units.filter(
      (unit) =>
        unit.kind === 'epochs' &&
        unit.learners.some((one) => one.learner === 'planner' && one.gapToOraclePct > 5),
    );
    expect(html.match(/class="beyond"/g) ?? []).toHaveLength(beyond.length);
    expect(text).toContain(results.notes[0]!);
  });

  it('escapes whatever results say', () => {
    const nasty = '<script>alert("1")</script>';
    const nastyHtml = reportHtml({
      ...results,
      command: nasty,
      emulated: [nasty],
      notes: [nasty],
      machine: { processor: nasty, cores: 2, node: nasty },
      floors: results.floors.map((floor) => ({ ...floor, label: nasty })),
      units: results.units.map((unit) => ({ ...unit, title: nasty, experiment: nasty })),
    });
    expect(nastyHtml).not.toContain('<script');
    expect(nastyHtml).toContain('&lt;script&gt;');
  });

  it('loads nothing, runs nothing and styles nothing inline', () => {
    expect(html).not.toMatch(
      /https?:|\/\/|<script|<link|<img|<iframe|\son\w+=|\sstyle=|@import|url\((?!#|&quot;)/,
    );
    expect(html).toContain('default-src &#39;none&#39;; style-src &#39;sha256-');
  });

  it('is well formed: tags close in order, and no id is used twice', () => {
    expect(unbalanced(html)).toEqual([]);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  it('draws no coordinate that is not a number', () => {
    expect(gaps(html)).toEqual([]);
  });

  it('names and describes each drawing, with the numbers in a table beneath', () => {
    const drawings = html.match(/<svg [^>]*role="img"/g)!;
    expect(html.match(/<desc /g)).toHaveLength(drawings.length);
    for (const figure of html.match(/<figure [^]*?<\/figure>/g)!)
      expect(figure).toMatch(/<figcaption>[^]*<details><summary>The numbers<\/summary><div class="scroll"/);
  });

  it('gives the same document for the same results', () => {
    expect(reportHtml(fakeResults())).toBe(html);
  });

  it('says in one line what is missing', () => {
    for (const kind of ['epochs', 'arrivals', 'learning', 'adaptation', 'transfer']) {
      const without = reportHtml({ ...results, units: results.units.filter((unit) => unit.kind !== kind) });
      expect(without).toContain('Not among these results.');
      expect(gaps(without)).toEqual([]);
    }
    expect(reportHtml({ ...results, units: [], floors: [], notes: [] })).toContain(
      'Not among these results.',
    );
  });

  it('reports one unit alone, without the sections that are not its own', () => {
    for (const unit of results.units) {
      const alone = reportHtml({ ...results, units: [unit], notes: [] });
      expect(alone).not.toContain('Not among these results.');
      expect(gaps(alone)).toEqual([]);
      expect(unbalanced(alone)).toEqual([]);
    }
  });

  it('bears figures that are missing', () => {
    const unit = fakeExperiment({ experiment: 'A', users: 2, floor: '89' }, seededRandom(3));
    const nothing = { mean: NaN, low: NaN, high: NaN };
    const empty = unit.learners.map((learner) => ({
      ...learner,
      responseMs: { mean: null, p50: null, p95: null, p99: null },
      steadyMs: nothing,
      accuracy: { top1: nothing, n: 0, expected: NaN },
      gapToOraclePct: NaN,
      gapToOracleIntervalPct: null,
      overOffloadOnlyPct: null,
      accuracyOverOffloadOnly: null,
      placements: [],
      hopsMs: {},
      curve: [],
    }));
    const alone = reportHtml({ ...results, units: [{ ...unit, learners: empty }], notes: [] });
    expect(gaps(alone)).toEqual([]);
    const parsed = JSON.parse(
      JSON.stringify({ ...results, units: [{ ...unit, learners: empty }] }),
    ) as Results;
    expect(gaps(reportHtml(parsed))).toEqual([]);
    expect(gaps(reportHtml({ ...results, units: [{ ...unit, learners: [] }] }))).toEqual([]);
  });
});

/** Figures that went wrong, with what stands before them. */
const gaps = (document: string): string[] =>
  [...document.matchAll(/NaN|Infinity|undefined|null|\[object/g)].map(({ index }) =>
    document.slice(index - 60, index + 10),
  );

/** Tags that do not close in order. */
function unbalanced(document: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, close, name, own] of document.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/gi)) {
    if (own === '/' || ['meta'].includes(name!)) continue;
    if (close === '') open.push(name!);
    else if (open.pop() !== name) wrong.push(name!);
  }
  return [...wrong, ...open];
}
