/**
 * Ranges of time as they stand in the address: dates of docs/search.md, both ends included.
 *
 * @typedef {import('./dates.js').Present} Present
 * @typedef {import('./dates.js').Span} Span
 *
 * @typedef {object} Range
 * @property {string} from relative (`-1h`), ISO 8601, or `all`
 * @property {string} to
 */

import { moved, partsOf, spanOfDate, startOf } from './dates.js';

/** What is looked at when nothing is said. @type {Readonly<Range>} */
export const defaultRange = Object.freeze({ from: '-1h', to: 'now' });

/** Ranges to choose from. @type {readonly Readonly<Range>[]} */
export const quickRanges = Object.freeze(
  [
    ['-5M', 'now'], ['-15M', 'now'], ['-30M', 'now'], ['-1h', 'now'], ['-3h', 'now'], ['-6h', 'now'], ['-12h', 'now'],
    ['-24h', 'now'], ['-3d', 'now'], ['-7d', 'now'], ['-30d', 'now'], ['dStart', 'now'], ['-1dStart', '-1dEnd'],
    ['wStart', 'now'], ['mStart', 'now'], ['all', 'now'],
  ].map(([from, to]) => Object.freeze({ from, to })),
);

const unitNames = { s: 'second', M: 'minute', h: 'hour', d: 'day', w: 'week', m: 'month', q: 'quarter', y: 'year' };

/** Calendar ranges have names. @type {Record<string, string>} */
const calendarNames = {
  'dStart now': 'Today', '-1dStart -1dEnd': 'Yesterday', 'hStart now': 'This hour', 'wStart now': 'This week',
  '-1wStart -1wEnd': 'Previous week', 'mStart now': 'This month', '-1mStart -1mEnd': 'Previous month', 'yStart now': 'This year',
  '-1yStart -1yEnd': 'Previous year', 'all now': 'All time',
};

/**
 * From when to when a range is.
 * @param {Range} range
 * @param {Present} present
 * @returns {Span | null} null if an end is no date; the range from `all` starts in 1970
 */
export function spanOf({ from, to }, present) {
  const start = from === 'all' ? 0 : spanOfDate(from, present)?.start;
  const end = spanOfDate(to, present)?.end;
  return start === undefined || end === undefined ? null : { start, end: Math.max(start, end) };
}

/**
 * The range of a span.
 * @param {Span} span
 * @returns {Range}
 */
export function rangeOf({ start, end }) {
  const last = new Date(Math.max(start, end - 1)).toISOString();
  return { from: new Date(start).toISOString().replace('.000Z', 'Z'), to: last.replace('Z', '999999Z') };
}

/**
 * The same range, whenever it is looked at: for sharing.
 * @param {Range} range
 * @param {Present} present
 * @returns {Range}
 */
export function absolute(range, present) {
  const span = spanOf(range, present);
  if (span === null) return range;
  const fixed = rangeOf(span);
  return { from: range.from === 'all' ? 'all' : fixed.from, to: fixed.to };
}

/**
 * What to send to the server. Its days are those of UTC, so dates that depend on where days
 * begin are resolved here.
 * @param {Range} range
 * @param {Present} present
 * @returns {import('../api/types.js').DateRange}
 */
export function dateRangeOf({ from, to }, present) {
  const isRelative = (/** @type {string} */ date) => /(Start|End)$/.test(date);
  const fixed = absolute({ from, to }, present);
  return { date_from: isRelative(from) ? fixed.from : from, date_to: isRelative(to) ? fixed.to : to === 'now' ? null : to };
}

/**
 * The range before (-1) or after (1) one, as long as it.
 * @param {Range} range
 * @param {-1 | 1} direction
 * @param {Present} present
 * @returns {Range}
 */
export function shifted(range, direction, present) {
  const span = spanOf(range, present);
  if (span === null || range.from === 'all') return range;
  const length = Math.max(1, span.end - span.start);
  return rangeOf({ start: Math.max(0, span.start + direction * length), end: span.end + direction * length });
}

/**
 * Three times the range, with it in the middle; up to now if it would be later.
 * @param {Range} range
 * @param {Present} present
 * @returns {Range}
 */
export function widened(range, present) {
  const span = spanOf(range, present);
  if (span === null || range.from === 'all') return range;
  const length = Math.max(1000, span.end - span.start);
  const end = Math.max(span.end, Math.min(present.now, span.end + length));
  return rangeOf({ start: Math.max(0, end - 3 * length), end });
}

/**
 * A range in words: `Last 15 minutes`, `Nov 21, 10:00 – 11:30`.
 * @param {Range} range
 * @param {Present} present
 * @returns {string}
 */
export function describeRange(range, present) {
  const known = calendarNames[`${range.from} ${range.to}`];
  if (known !== undefined) return known;
  const [, count, unit] = /^-(\d+)([sMhdwmqy])$/.exec(range.from) ?? [];
  if (count !== undefined && range.to === 'now') {
    const name = unitNames[/** @type {keyof typeof unitNames} */ (unit)];
    return Number(count) === 1 ? `Last ${name}` : `Last ${Number(count)} ${name}s`;
  }
  const span = spanOf(range, present);
  if (span === null) return `${range.from} – ${range.to}`;
  return describeSpan(span, present, range.to === 'now', range.from === 'all');
}

/**
 * A span in words, with as many parts of its ends as are needed.
 * @param {Span} span
 * @param {Present} present
 * @param {boolean} [isOpen] true if it ends now
 * @param {boolean} [isEndless] true if it has no start
 * @returns {string}
 */
export function describeSpan({ start, end }, { now, clock }, isOpen = false, isEndless = false) {
  const [year, month, day] = partsOf(start, clock);
  const [endYear, endMonth, endDay] = partsOf(end, clock);
  const hasYear = year !== endYear || year !== partsOf(now, clock)[0];
  if (startOf(start, 'd', clock) === start && startOf(end, 'd', clock) === end && !isOpen && !isEndless && end > start) {
    const last = moved(end, -1, 'd', clock);
    const first = dateText(start, clock, hasYear);
    return last === start ? first : `${first} – ${dateText(last, clock, hasYear)}`;
  }
  const digits = precisionOf(start, isOpen ? start + 60_000 : end);
  const isSameDay = year === endYear && month === endMonth && day === endDay;
  const lastDay = isSameDay && !isEndless ? '' : `${dateText(end, clock, hasYear)}, `;
  const last = isOpen ? 'now' : `${lastDay}${timeText(end, clock, digits)}`;
  return isEndless ? `Up to ${last}` : `${dateText(start, clock, hasYear)}, ${timeText(start, clock, digits)} – ${last}`;
}

/** How exact times must be to tell both apart: minutes, seconds or milliseconds. @param {number} start @param {number} end */
function precisionOf(start, end) {
  if (start % 1000 !== 0 || end % 1000 !== 0) return end - start < 60_000 ? 3 : 2;
  return start % 60_000 !== 0 || end % 60_000 !== 0 ? 2 : 1;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * A day: `Nov 21`.
 * @param {number} time
 * @param {import('../format/time.js').Clock} clock
 * @param {boolean} [hasYear]
 * @returns {string}
 */
export function dateText(time, clock, hasYear = false) {
  const [year, month, day] = partsOf(time, clock);
  return `${months[month]} ${day}${hasYear ? ` ${year}` : ''}`;
}

/**
 * A time of day.
 * @param {number} time
 * @param {import('../format/time.js').Clock} clock
 * @param {number} digits 1 to the minute, 2 to the second, 3 to the millisecond
 * @returns {string}
 */
export function timeText(time, clock, digits) {
  const [, , , hour, minute, second] = partsOf(time, clock);
  const parts = digits > 1 ? [hour, minute, second] : [hour, minute];
  const text = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return digits > 2 ? `${text}.${String(((time % 1000) + 1000) % 1000).padStart(3, '0')}` : text;
}
