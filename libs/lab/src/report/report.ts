import type { Results } from '../measure/results.ts';
import { accuracyFigure } from './accuracy-section.ts';
import { adaptationFigure } from './adaptation-section.ts';
import { arrivalsFigure } from './arrivals-section.ts';
import { duration, instant } from './format.ts';
import { gapsTable } from './gaps-section.ts';
import { headlineContent } from './headline-section.ts';
import { hopsFigure } from './hops-section.ts';
import { learningFigure } from './learning-section.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { overheadsTables } from './overheads-section.ts';
import { page, type PageSection } from './page.ts';
import { picturesContent } from './pictures-section.ts';
import { placementsFigure } from './placements-section.ts';
import { responseFigure } from './response-section.ts';
import { secondLooksFigure } from './second-looks-section.ts';
import { experimentsOf, unitsOf } from './select.ts';
import { floorsContent, settingContent } from './setting-section.ts';
import { transferFigure } from './transfer-section.ts';
import { usersFigure } from './users-section.ts';

/**
 * The report of any results, of a single unit as well: one HTML document that loads nothing and runs no script. The
 * same results give the same document.
 */
export function reportHtml(results: Results): string {
  const { units, quick, startedAt, finishedAt } = results;
  const [only] = units;
  const title =
    units.length === 1 ? `Weir: ${only!.title}` : 'Weir: the paper’s evaluation on a running cell';
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000;
  const byline = markup`<p class="byline">${instant(startedAt)} · ${duration(seconds)} · seed ${results.seed}${quick && ' · quick run: fewer epochs, wider intervals'}</p>\n`;
  return page(title, byline, sectionsOf(results));
}

/** In the order in which people ask. What the paper asks and was not run says so, unless there is one unit only. */
function sectionsOf(results: Results): PageSection[] {
  const measured = experimentsOf(results, 'measured');
  const published = experimentsOf(results, 'published');
  const [arrivals, learning] = [unitsOf(results, 'arrivals'), unitsOf(results, 'learning')];
  const [adaptation, transfer] = [unitsOf(results, 'adaptation'), unitsOf(results, 'transfer')];
  const pictures = unitsOf(results, 'pictures');
  const withOverheads = [...measured, ...published, ...arrivals];
  const [epochs, any] = [measured.length > 0, withOverheads.length > 0];
  const looks = secondLooksFigure([...measured, ...arrivals]);
  const sections: readonly (readonly [id: string, title: string, content: Part])[] = [
    ['headline', 'In short', headlineContent(results)],
    ['setting', 'What was real, what was emulated', settingContent(results)],
    [
      'response',
      'Response time by experiment and floor',
      epochs && responseFigure(measured, 'figure-response'),
    ],
    ['users', 'Response time by number of users', epochs && usersFigure(measured)],
    ['accuracy', 'Accuracy against response time', epochs && accuracyFigure(measured)],
    ['learning', 'Learning curves', learning.length > 0 && learningFigure(learning)],
    ['hops', 'Where the time goes', epochs && hopsFigure(measured)],
    ['placements', 'Where frames run', epochs && placementsFigure(measured)],
    ['adaptation', 'When the cell changes', adaptation.length > 0 && adaptationContent(adaptation)],
    ['transfer', 'Learning from a snapshot', transfer.length > 0 && transferFigure(transfer)],
    ['arrivals', 'Frames that arrive by themselves', arrivals.length > 0 && arrivalsFigure(arrivals)],
    ...(looks ? [['second-looks', 'Second looks', looks] as const] : []),
    ...(pictures.length > 0
      ? [['pictures', 'When the pictures change', picturesContent(pictures)] as const]
      : []),
    ['overheads', 'What orchestration costs', any && overheadsTables(withOverheads)],
    ['oracle', 'Distance from the oracle', epochs && gapsContent(results)],
    ['floors', 'Floors', results.floors.length > 0 && floorsContent(results.floors)],
    ['published', 'With the published accuracies', published.length > 0 && publishedContent(published)],
  ];
  return sections.flatMap(([id, title, content]) => {
    if (content) return [{ id, title, content }];
    const missing = markup`<p class="missing">Not among these results.</p>`;
    return results.units.length === 1 ? [] : [{ id, title, content: missing }];
  });
}

const adaptationContent = (units: ReturnType<typeof unitsOf<'adaptation'>>): Markup[] =>
  units.map(
    (unit, at) => markup`<h3>${unit.title}</h3>\n${adaptationFigure(unit, `figure-adaptation-${at}`)}`,
  );

const gapsContent = (results: Results): Markup =>
  markup`<p>Planner against the measured oracle of the same run; ▲ marks more than 5 %. The oracle is the best joint placement by the cost table of the profiling pass; the last columns say how well this table told the epochs’ measured response.</p>
${gapsTable(experimentsOf(results, 'measured'))}${
    results.notes.length > 0 &&
    markup`<ul class="notes">${results.notes.map((note) => markup`<li>${note}</li>`)}</ul>\n`
  }`;

const publishedContent = (units: ReturnType<typeof experimentsOf>): Markup =>
  markup`<p>The same cells with the accuracies of the published table declared for the variants instead of measured: floors and placements as in the paper. Right answers are still those of the embedded family, and are not to be read against these floors.</p>
${responseFigure(units, 'figure-published')}${gapsTable(units)}`;
