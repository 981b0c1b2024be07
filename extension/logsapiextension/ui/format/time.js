/**
 * Times as people read them. Records have up to nine digits of fraction, of which a Date
 * keeps three; so the fraction is read from the text.
 */

/**
 * Whose clock times are shown by.
 * @typedef {'local' | 'utc'} Clock
 */

/**
 * A moment: whole milliseconds since 1970, and the nanoseconds of its second.
 * @typedef {object} Instant
 * @property {number} milliseconds
 * @property {number} nanoseconds 0 to 999,999,999
 */

/**
 * Reads a time of the API.
 * @param {string} text ISO 8601
 * @returns {Instant | null} null if it is no time
 */
export function parseInstant(text) {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return null;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return { milliseconds, nanoseconds: Number(fraction.padEnd(9, '0')) };
}

/**
 * The date and the time of day, with so many digits of fraction: `2026-11-20 10:05:00.123`.
 * @param {string} text ISO 8601; what is none comes back as it is
 * @param {Clock} clock
 * @param {number} [digits] 0 to 9
 * @returns {string}
 */
export function formatTime(text, clock, digits = 3) {
  const instant = parseInstant(text);
  return instant ? `${datePart(instant, clock)} ${timePart(instant, clock, digits)}` : text;
}

/**
 * The time of day alone for what happened today, else with the date before it: for where
 * there is little room.
 * @param {string} text ISO 8601
 * @param {Clock} clock
 * @param {number} [now] milliseconds since 1970
 * @returns {string}
 */
export function formatShortTime(text, clock, now = Date.now()) {
  const instant = parseInstant(text);
  if (!instant) return text;
  const date = datePart(instant, clock);
  const time = timePart(instant, clock, 3);
  return date === datePart({ milliseconds: now, nanoseconds: 0 }, clock) ? time : `${date.slice(5)} ${time}`;
}

/**
 * All that there is to say of a time, for where one hovers: to the nanosecond in UTC, on the
 * local clock, and how long ago.
 * @param {string} text ISO 8601
 * @param {number} [now] milliseconds since 1970
 * @returns {string}
 */
export function describeTime(text, now = Date.now()) {
  const instant = parseInstant(text);
  if (!instant) return text;
  const local = `${formatTime(text, 'local', 9)} ${zoneName('local')}`;
  return `${formatTime(text, 'utc', 9)} UTC\n${local}\n${relativeTime(instant.milliseconds, now)}`;
}

const units = /** @type {const} */ ([
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]);

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/**
 * How long ago, or in how long: `3 minutes ago`.
 * @param {number} milliseconds since 1970
 * @param {number} [now] milliseconds since 1970
 * @returns {string}
 */
export function relativeTime(milliseconds, now = Date.now()) {
  const distance = milliseconds - now;
  for (const [unit, length] of units) {
    if (Math.abs(distance) >= length) return relative.format(Math.trunc(distance / length), unit);
  }
  return 'just now';
}

/**
 * How far a time is from another: `+1.2 s`, `−3 min`, `0`.
 * @param {string} text ISO 8601
 * @param {string} from ISO 8601
 * @returns {string}
 */
export function distanceText(text, from) {
  const [one, other] = [parseInstant(text), parseInstant(from)];
  if (!one || !other) return '';
  const seconds = Math.floor(one.milliseconds / 1000) - Math.floor(other.milliseconds / 1000);
  const distance = seconds + (one.nanoseconds - other.nanoseconds) / 1e9;
  if (distance === 0) return '0';
  return `${distance < 0 ? '−' : '+'}${shortDuration(Math.abs(distance))}`;
}

/** @param {number} seconds greater than 0 */
function shortDuration(seconds) {
  /** @type {[number, string][]} */
  const scales = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];
  const [length, unit] = scales.find(([scale]) => seconds >= scale) ?? [1e-9, 'ns'];
  return `${Number((seconds / length).toPrecision(3))} ${unit}`;
}

/**
 * The zone that a clock shows: `UTC`, `Europe/Berlin`.
 * @param {Clock} clock
 * @returns {string}
 */
export function zoneName(clock) {
  return clock === 'utc' ? 'UTC' : new Intl.DateTimeFormat('en').resolvedOptions().timeZone;
}

/**
 * A time moved by some milliseconds, as the API takes it.
 * @param {string} text ISO 8601
 * @param {number} by milliseconds
 * @returns {string}
 */
export function movedTime(text, by) {
  const instant = parseInstant(text);
  return instant ? new Date(instant.milliseconds + by).toISOString() : text;
}

/**
 * @param {Instant} instant
 * @param {Clock} clock
 */
function datePart({ milliseconds }, clock) {
  const date = new Date(milliseconds);
  return clock === 'utc'
    ? `${padded(date.getUTCFullYear(), 4)}-${padded(date.getUTCMonth() + 1)}-${padded(date.getUTCDate())}`
    : `${padded(date.getFullYear(), 4)}-${padded(date.getMonth() + 1)}-${padded(date.getDate())}`;
}

/**
 * @param {Instant} instant
 * @param {Clock} clock
 * @param {number} digits
 */
function timePart({ milliseconds, nanoseconds }, clock, digits) {
  const date = new Date(milliseconds);
  const time =
    clock === 'utc'
      ? `${padded(date.getUTCHours())}:${padded(date.getUTCMinutes())}:${padded(date.getUTCSeconds())}`
      : `${padded(date.getHours())}:${padded(date.getMinutes())}:${padded(date.getSeconds())}`;
  return digits > 0 ? `${time}.${padded(nanoseconds, 9).slice(0, digits)}` : time;
}

/**
 * @param {number} number
 * @param {number} [length]
 */
function padded(number, length = 2) {
  return String(number).padStart(length, '0');
}
