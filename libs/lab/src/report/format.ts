import type { Estimate, FloorWatch, Interval } from '../measure/results.ts';

/** Figures for people. A figure that is missing or not finite is a dash; units follow after a no-break space. */

type Figure = number | null | undefined;

const none = '–';
const space = '\u00a0';

/** Three to four significant digits: 0.25, 12.3, 271, 1 264. */
export function figure(value: Figure): string {
  if (!isFigure(value)) return none;
  const size = Math.abs(value);
  if (size === 0) return '0';
  return decimals(value, size < 1 ? 2 : size < 99.95 ? 1 : 0);
}

export const ms = (value: Figure): string => withUnit(figure(value), 'ms');

/** Of a fraction 0..1. */
export const percent = (fraction: Figure): string =>
  withUnit(isFigure(fraction) ? decimals(fraction * 100, 1) : none, '%');

/** Of a fraction 0..1, without decimals. */
export const wholePercent = (fraction: Figure): string =>
  withUnit(isFigure(fraction) ? decimals(fraction * 100, 0) : none, '%');

/** Of a figure that is in per cent already, with its sign. */
export const signedPercent = (value: Figure): string =>
  withUnit(isFigure(value) ? (rounded(value, 1) > 0 ? '+' : '') + decimals(value, 1) : none, '%');

/** With one decimal, without a unit. */
export const oneDecimal = (value: Figure): string => (isFigure(value) ? decimals(value, 1) : none);

export const whole = (value: Figure): string => (isFigure(value) ? decimals(value, 0) : none);

/** "271 ms (268–274)". */
export const msWithInterval = ({ mean, low, high }: Estimate): string =>
  isFigure(mean) ? `${ms(mean)} (${figure(low)}–${figure(high)})` : none;

/** "84.2 % (83.1–85.3)" of fractions. */
export const percentWithInterval = ({ mean, low, high }: Estimate): string =>
  isFigure(mean) ? `${percent(mean)} (${oneDecimal(low * 100)}–${oneDecimal(high * 100)})` : none;

/** "−0.4 to 1.2", for figures that may be negative. */
export const interval = ({ low, high }: Interval): string => `${oneDecimal(low)} to ${oneDecimal(high)}`;

/** "+1.2 % (−0.4 to 2.8)" of figures that are in per cent already. */
export const signedPercentWithInterval = (value: Figure, of: Interval | null | undefined): string =>
  isFigure(value) && of ? `${signedPercent(value)} (${interval(of)})` : signedPercent(value);

/** "3 of 200": frames below the floor. */
export const watched = (watch: FloorWatch | null): string =>
  watch ? `${whole(watch.floorViolations)} of ${whole(watch.frames)}` : none;

/** "1 h 52 min", "9 min", "40 s". */
export function duration(seconds: Figure): string {
  if (!isFigure(seconds)) return none;
  const minutes = Math.round(seconds / 60);
  if (seconds < 100) return withUnit(whole(seconds), 's');
  if (minutes < 60) return withUnit(String(minutes), 'min');
  return `${Math.floor(minutes / 60)}${space}h${space}${minutes % 60}${space}min`;
}

/** "2026-11-24 14:57 UTC" of an ISO instant; anything else as it stands. */
export const instant = (iso: string): string => {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

/** "a, b and c". */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;

export const isFigure = (value: Figure): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

const withUnit = (text: string, unit: string): string => (text === none ? none : `${text}${space}${unit}`);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function decimals(value: number, digits: number): string {
  const [integer, fraction] = Math.abs(rounded(value, digits)).toFixed(digits).split('.') as [
    string,
    string?,
  ];
  // U+202F: a narrow no-break space between thousands.
  const grouped = integer.length > 4 ? integer.replace(/\B(?=(\d{3})+$)/g, '\u202f') : integer;
  return `${rounded(value, digits) < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}
