import type { MeasuredShare } from '@weir/cell';
import type { PicturesResult } from '../measure/results.ts';
import { figure as plain, percent, percentWithInterval } from './format.ts';
import { markup, type Markup } from './markup.ts';
import { table } from './table.ts';

/** Pictures that change in mid-run, block by block. */
export const picturesContent = (units: readonly PicturesResult[]): Markup[] => units.map(unitContent);

function unitContent(unit: PicturesResult): Markup {
  const { title, contrast, audits, truths, framesToRecover, blocks } = unit;
  const told = truths ? 'every truth is reported' : `${percent(audits)} of the answers are audited`;
  const back =
    framesToRecover === null
      ? 'Right answers did not come back to what the floor allows them to lose against the most accurate variant.'
      : `From ${framesToRecover} frames after the change on, right answers lose no more against the most accurate variant’s than the floor allows.`;
  return markup`<h3>${title}</h3>
<p>Contrast of the pictures × ${contrast} from the change on; ${told}. ${back}</p>
${table(title, blocks, [
  { head: 'Pictures', cell: ({ changed }) => (changed ? 'changed' : 'as before') },
  { head: 'Frames', cell: ({ frames }) => frames, figures: true },
  { head: 'Right (95 %)', cell: ({ right }) => percentWithInterval(right), figures: true },
  { head: 'Best variant right', cell: ({ bestRight }) => percent(bestRight), figures: true },
  { head: 'First look right', cell: ({ firstRight }) => percent(firstRight), figures: true },
  { head: 'Promised', cell: ({ promised }) => percent(promised), figures: true },
  { head: 'Looked at twice', cell: ({ looks }) => percent(looks), figures: true },
  { head: 'Response, ms', cell: ({ meanMs }) => plain(meanMs), figures: true },
  { head: 'Audits agree, at least', cell: ({ known }) => bounded(known.audits), figures: true },
  { head: 'Truths right, at least', cell: ({ known }) => bounded(known.truths), figures: true },
  { head: 'Corrected', cell: ({ known: { correction } }) => (correction ? 'yes' : 'no') },
])}`;
}

const bounded = (share: MeasuredShare | null): string =>
  share ? `${percent(share.measured)} (${percent(share.lowerBound)})` : '–';
