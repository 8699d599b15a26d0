import type { Results } from '../measure/results.ts';
import { duration, instant, percent } from './format.ts';
import { markup, type Markup } from './markup.ts';
import { table } from './table.ts';

/** What was real and what emulated; machine, command, seed and date. */
export function settingContent(results: Results): Markup {
  const { machine, emulated } = results;
  const seconds = (Date.parse(results.finishedAt) - Date.parse(results.startedAt)) / 1_000;
  const facts: readonly (readonly [string, string | Markup])[] = [
    ['Machine', `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`],
    ['Command', markup`<code>${results.command}</code>`],
    ['Seed', String(results.seed)],
    ['Run', `${instant(results.startedAt)} to ${instant(results.finishedAt)} (${duration(seconds)})`],
    ['Units', `${results.units.length}${results.quick ? ', quick: fewer epochs and wider intervals' : ''}`],
  ];
  return markup`<p><b>Real:</b> every service, agent and worker is a process of its own; gRPC between them; ONNX inference on labelled pictures; the queues.</p>
${
  emulated.length === 0
    ? markup`<p><b>Emulated:</b> nothing.</p>`
    : markup`<p><b>Emulated:</b></p><ul>${emulated.map((what) => markup`<li>${what}</li>`)}</ul>`
}
<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
`;
}

/** The paper's floors in the terms of the families that ran. */
export function floorsContent(floors: Results['floors']): Markup {
  return markup`<p>The paper’s floors lie between its variants’ accuracies. Here each lies at the same relative place between the accuracies of the family that ran.</p>
${table('The floors in each family’s terms', floors, [
  { head: 'Floor', cell: ({ label }) => label },
  { head: 'Paper', cell: ({ paper }) => fraction(paper), figures: true },
  { head: 'Embedded family, measured top-1', cell: ({ measured }) => fraction(measured), figures: true },
  { head: 'Published table', cell: ({ published }) => fraction(published), figures: true },
])}`;
}

/** No floor is a dash, not 0 %. */
const fraction = (floor: number): string => (floor > 0 ? percent(floor) : '–');
