import type { KnownAccuracy, MeasuredShare } from '@weir/cell';
import { percent } from '../words.ts';

/** What audits found, for people. */
export const auditsLine = ({ count, measured, promised, lowerBound, level }: MeasuredShare): string =>
  `${percent(measured)} of the answers are the most accurate variant's${promised === null ? '' : `, ${percent(promised)} promised`}, at least ${percent(lowerBound)} with ${percent(level, 0)} confidence (${count} audits)`;

/** What is corrected because the pictures are not those that the family was measured on. */
export const correctionLine = ({ shortfall, firsts }: NonNullable<KnownAccuracy['correction']>): string =>
  [
    ...(shortfall > 0 ? [`all variants lose ${percent(shortfall)}`] : []),
    ...firsts.map(
      ({ variant, loss, share }) =>
        `${variant} loses ${loss.toFixed(2)} times what its curves say and is unsure ${share.toFixed(2)} times as often`,
    ),
  ].join('; ');

/** Beside the live table: what the cell knows, a line each; none before the first audit. */
export const knownLines = ({ audits, correction }: KnownAccuracy): string[] => [
  ...(audits ? [`audited: ${auditsLine(audits)}`] : []),
  ...(correction ? [`corrected: ${correctionLine(correction)}`] : []),
];
