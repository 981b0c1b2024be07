/**
 * Dates as docs/search.md has them, resolved to milliseconds, on the clock that the reader
 * has chosen: `-1h`, `dStart`, `2026-11-21T10:00Z`.
 *
 * @typedef {import('../format/time.js').Clock} Clock
 *
 * @typedef {object} Present what dates are relative to
 * @property {number} now milliseconds since 1970
 * @property {Clock} clock whose days and months are meant
 *
 * @typedef {'s' | 'M' | 'h' | 'd' | 'w' | 'm' | 'q' | 'y'} Unit m is a month, M a minute
 *
 * @typedef {object} Span
 * @property {number} start milliseconds since 1970
 * @property {number} end the first moment after it
 */

const lengths = { s: 1000, M: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * The parts of a date: year, month from 0, day, hour, minute, second.
 * @param {number} time milliseconds since 1970
 * @param {Clock} clock
 * @returns {[number, number, number, number, number, number]}
 */
export function partsOf(time, clock) {
  const date = new Date(time);
  return clock === 'utc'
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
}

/**
 * The time of parts as `partsOf` has them. A part that is too great carries over.
 * @param {Clock} clock
 * @param {number} year
 * @param {number} month from 0
 * @param {number} [day]
 * @param {number} [hour]
 * @param {number} [minute]
 * @param {number} [second]
 * @returns {number}
 */
export function timeOf(clock, year, month, day = 1, hour = 0, minute = 0, second = 0) {
  return clock === 'utc'
    ? Date.UTC(year, month, day, hour, minute, second)
    : new Date(year, month, day, hour, minute, second).getTime();
}

/**
 * The start of a date's day, or of another unit.
 * @param {number} time
 * @param {Unit} unit
 * @param {Clock} clock
 * @returns {number}
 */
export function startOf(time, unit, clock) {
  const [year, month, day, hour, minute, second] = partsOf(time, clock);
  switch (unit) {
    case 's':
      return timeOf(clock, year, month, day, hour, minute, second);
    case 'M':
      return timeOf(clock, year, month, day, hour, minute);
    case 'h':
      return timeOf(clock, year, month, day, hour);
    case 'd':
      return timeOf(clock, year, month, day);
    case 'w': // from Monday
      return timeOf(clock, year, month, day - ((weekday(time, clock) + 6) % 7));
    case 'm':
      return timeOf(clock, year, month);
    case 'q':
      return timeOf(clock, year, month - (month % 3));
    case 'y':
      return timeOf(clock, year, 0);
  }
}

/** @param {number} time @param {Clock} clock @returns {number} 0 is Sunday */
function weekday(time, clock) {
  const date = new Date(time);
  return clock === 'utc' ? date.getUTCDay() : date.getDay();
}

/**
 * A time moved by whole units. A day that a month does not have becomes its last.
 * @param {number} time
 * @param {number} count
 * @param {Unit} unit
 * @param {Clock} clock
 * @returns {number}
 */
export function moved(time, count, unit, clock) {
  if (unit === 's' || unit === 'M' || unit === 'h') return time + count * lengths[unit];
  const [year, month, day, hour, minute, second] = partsOf(time, clock);
  const fraction = time - timeOf(clock, year, month, day, hour, minute, second);
  if (unit === 'd' || unit === 'w' || unit === 'q') {
    const days = { d: 1, w: 7, q: 91 }[unit];
    return timeOf(clock, year, month, day + count * days, hour, minute, second) + fraction;
  }
  const months = month + count * (unit === 'm' ? 1 : 12);
  const [, , lastDay] = partsOf(timeOf(clock, year, months + 1, 0), clock);
  return timeOf(clock, year, months, Math.min(day, lastDay), hour, minute, second) + fraction;
}

/**
 * What a date names: `now` and `-1h` a moment, `2026-11-21` a day.
 * @param {string} text
 * @param {Present} present
 * @returns {Span | null} null if it is no date
 */
export function spanOfDate(text, present) {
  if (text === 'now') return { start: present.now, end: present.now };
  return relativeSpan(text, present) ?? isoSpan(text);
}

/** @param {string} text @param {Present} present @returns {Span | null} */
function relativeSpan(text, { now, clock }) {
  const [match, count, unit, edge] = /^-?(\d{0,6})([sMhdwmqy])(Start|End)?$/.exec(text) ?? [];
  if (match === undefined || (count === '' && edge === undefined)) return null;
  const known = /** @type {Unit} */ (unit);
  const by = Number(count);
  let time = moved(now, -by, known, clock);
  if (edge === 'Start') time = startOf(time, known, clock);
  if (edge === 'End') {
    const start = startOf(time, known, clock);
    time = known === 'q' ? moved(start, 3, 'm', clock) : moved(start, 1, known, clock);
  }
  // Before 1970 is the start of 1970, also beyond what a Date can hold.
  const since = Math.max(0, time || 0);
  return { start: since, end: since };
}

/** ISO 8601; without a zone it is UTC, as the server has it. @param {string} text @returns {Span | null} */
function isoSpan(text) {
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt ]([01]\d|2[0-3])(?::([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?)?(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text);
  if (match === null) return null;
  const [, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.replace(':', '').slice(3) || '00'}` : 'Z';
  const start = Date.parse(`${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}${offset}`);
  // A date takes a 30th of February for the 2nd of March.
  if (Number.isNaN(start) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return null;
  if (fraction !== '') {
    const nanoseconds = Number(fraction.padEnd(9, '0'));
    const last = Number(fraction.padEnd(9, '9'));
    return { start: start + Math.floor(nanoseconds / 1e6), end: start + Math.ceil((last + 1) / 1e6) };
  }
  const unit = second !== undefined ? lengths.s : minute !== undefined ? lengths.M : hour !== undefined ? lengths.h : lengths.d;
  return { start, end: start + unit };
}
