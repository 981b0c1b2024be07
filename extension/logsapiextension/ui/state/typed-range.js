/**
 * Understands a range of time as people type it: `15m`, `last 2 hours`, `yesterday`,
 * `10:00 - 11:30`, `nov 20 to nov 21`, `2026-11-20T10:00Z/2026-11-20T11:00Z`.
 *
 * Unlike in the language of searches, `15m` is minutes here and months are `mo`: that is
 * what people mean, and the picker shows what it has understood before it is used.
 *
 * @typedef {import('./dates.js').Present} Present
 * @typedef {import('./dates.js').Span} Span
 * @typedef {import('./dates.js').Unit} Unit
 * @typedef {import('./range.js').Range} Range
 */

import { moved, partsOf, spanOfDate, startOf, timeOf } from './dates.js';
import { rangeOf } from './range.js';

/** @type {[RegExp, Unit][]} */
const units = [
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'M'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|wks?|weeks?)$/, 'w'],
  [/^(mo|mos|months?)$/, 'm'],
  [/^(q|quarters?)$/, 'q'],
  [/^(y|yrs?|years?)$/, 'y'],
];

/** @type {Record<string, Range>} */
const named = {
  today: { from: 'dStart', to: 'now' },
  yesterday: { from: '-1dStart', to: '-1dEnd' },
  all: { from: 'all', to: 'now' },
  'all time': { from: 'all', to: 'now' },
  everything: { from: 'all', to: 'now' },
};

const separators = [/\s+(?:to|until|till|and)\s+/i, /\s+[-–—]\s+|\s*(?:\.\.\.?|–|—|→|\/)\s*/, /^(\d\d?:\d\d(?::\d\d)?)\s*-\s*(?=\d\d?:\d\d)/];

/**
 * The range that a text means.
 * @param {string} typed
 * @param {Present} present
 * @returns {Range | null} null if it is not understood
 */
export function parseTypedRange(typed, present) {
  const text = typed.trim().replace(/\s+/g, ' ');
  const lower = text.toLowerCase();
  if (text === '') return null;
  return named[lower] ?? calendar(lower) ?? lasting(lower) ?? since(text, present) ?? between(text, present) ?? single(text, present);
}

/** `this week`, `previous month`. @param {string} text @returns {Range | null} */
function calendar(text) {
  const [, which, word] = /^(this|previous|prev) ([a-z]+)$/.exec(text) ?? [];
  const unit = word === undefined ? undefined : unitOf(word);
  if (unit === undefined) return null;
  return which === 'this' ? { from: `${unit}Start`, to: 'now' } : { from: `-1${unit}Start`, to: `-1${unit}End` };
}

/** `15m`, `-15m`, `last 2 hours`, `past day`, `1h30m`, `90 minutes ago`. @param {string} text @returns {Range | null} */
function lasting(text) {
  const from = durationOf(text.replace(/^(?:now)?\s?-\s?|^(?:the )?(?:last|past) /, '').replace(/ ago$/, ''));
  return from === null ? null : { from, to: 'now' };
}

/**
 * A relative date of docs/search.md.
 * @param {string} text one or several numbers with units; a unit alone is one of it
 * @returns {string | null}
 */
function durationOf(text) {
  const parts = [...text.matchAll(/(\d{1,6}) ?([a-z]+) ?/gy)];
  const alone = unitOf(text);
  if (parts.length === 0) return alone !== undefined && text.length > 2 ? `-1${alone}` : null;
  if (parts.map(([part]) => part).join('') !== text) return null;
  const found = parts.map(([, count, word]) => /** @type {const} */ ([Number(count), unitOf(word)]));
  if (found.length === 1) return found[0][1] === undefined ? null : `-${found[0][0]}${found[0][1]}`;
  const seconds = { s: 1, M: 60, h: 3600, d: 86_400, w: 604_800 };
  let sum = 0;
  for (const [count, unit] of found) {
    if (unit === undefined || !(unit in seconds)) return null;
    sum += count * seconds[/** @type {keyof typeof seconds} */ (unit)];
  }
  return sum % 60 === 0 ? `-${sum / 60}M` : `-${sum}s`;
}

/** @param {string} word @returns {Unit | undefined} */
function unitOf(word) {
  return units.find(([names]) => names.test(word))?.[1];
}

/** `since 10:00`. @param {string} text @param {Present} present @returns {Range | null} */
function since(text, present) {
  const [, point] = /^(?:since|from|after) (.+)$/i.exec(text) ?? [];
  if (point === undefined || separators.some((separator) => separator.test(point))) return null;
  const start = pointOf(point, present);
  return start === null ? null : { from: typedFrom(point, start), to: 'now' };
}

/** `X to Y`. @param {string} text @param {Present} present @returns {Range | null} */
function between(text, present) {
  for (const separator of separators) {
    const [match, captured] = separator.exec(text) ?? [];
    if (match === undefined) continue;
    const at = text.search(separator);
    const first = captured ?? text.slice(0, at).replace(/^(?:from|between) /i, '');
    const second = text.slice(at + match.length);
    const range = ends(first, second, present);
    if (range !== null) return range;
  }
  return null;
}

/** @param {string} first @param {string} second @param {Present} present @returns {Range | null} */
function ends(first, second, present) {
  const start = pointOf(first, present);
  if (start === null) return null;
  if (second.toLowerCase() === 'now') return { from: typedFrom(first, start), to: 'now' };
  const isTime = parseTime(second) !== null;
  const end = isTime ? timeAfter(second, start.start, present) : pointOf(second, present);
  if (end === null) return null;
  // "10:00 to 11:00" ends when eleven begins, "to 2026-11-21" with the day.
  const isDay = end.end - end.start > 3_600_000;
  const last = isDay ? end.end : end.start;
  return last > start.start ? rangeOf({ start: start.start, end: last }) : null;
}

/** A time of day alone is on the day of the start, or the next. @param {string} text @param {number} start @param {Present} present */
function timeAfter(text, start, present) {
  const end = onDay(start, text, present);
  if (end === null || end.start > start) return end;
  return onDay(moved(start, 1, 'd', present.clock), text, present);
}

/** `2026-11-21` is that day, `yesterday 10:00` that minute. @param {string} text @param {Present} present @returns {Range | null} */
function single(text, present) {
  const span = pointOf(text, present);
  return span === null || span.end <= span.start ? null : rangeOf(span);
}

/** A start that is relative stays so. @param {string} text @param {Span} span */
function typedFrom(text, span) {
  return durationOf(text.toLowerCase().replace(/ ago$/, '').replace(/^-/, '')) ?? rangeOf(span).from;
}

/**
 * What a point in time names.
 * @param {string} text
 * @param {Present} present
 * @returns {Span | null}
 */
function pointOf(text, present) {
  const { now, clock } = present;
  const lower = text.trim().toLowerCase();
  if (lower === 'now') return { start: now, end: now };
  const ago = durationOf(lower.replace(/ ago$/, '').replace(/^-/, ''));
  if (ago !== null) return spanOfDate(ago, present);
  if (/^\d{10}(\d{3})?$/.test(lower)) return unix(lower);
  if (parseTime(lower) !== null) return latest(lower, present);
  const [, day, time] = /^(.*?)(?:(?:,? | at |t)(\d\d?(?::\d\d){1,2}(?:[.,]\d+)?|\d\d? ?[ap]m))?$/.exec(lower) ?? [];
  const start = day === undefined ? null : dayOf(day, present);
  if (start === null) return hasZone(text) ? spanOfDate(text.trim(), present) : null;
  return time === undefined ? { start, end: moved(start, 1, 'd', clock) } : onDay(start, time, present);
}

/** @param {string} text */
function hasZone(text) {
  return /[T ]\d\d.*(?:z|[+-]\d\d(?::?\d\d)?)$/i.test(text.trim());
}

/** Seconds or milliseconds since 1970. @param {string} digits @returns {Span} */
function unix(digits) {
  const unit = digits.length > 10 ? 1 : 1000;
  return { start: Number(digits) * unit, end: (Number(digits) + 1) * unit };
}

/** A time of day alone was today, or yesterday if it is not yet. @param {string} time @param {Present} present */
function latest(time, present) {
  const today = onDay(present.now, time, present);
  if (today !== null && today.start <= present.now) return today;
  return onDay(moved(present.now, -1, 'd', present.clock), time, present);
}

/**
 * The start of a day.
 * @param {string} text in lower case
 * @param {Present} present
 * @returns {number | null}
 */
function dayOf(text, { now, clock }) {
  const today = startOf(now, 'd', clock);
  if (text === 'today') return today;
  if (text === 'yesterday') return moved(today, -1, 'd', clock);
  const [, year, month, day] = /^(\d{4})-(\d\d?)-(\d\d?)$/.exec(text) ?? [];
  if (year !== undefined) return dayIn(clock, Number(year), Number(month) - 1, Number(day));
  const [, first, second, third] = /^([a-z]+|\d\d?)\.? ([a-z]+|\d\d?)\.?,?(?: (\d{4}))?$/.exec(text) ?? [];
  if (first === undefined) return null;
  const [name, number] = /^\d/.test(first) ? [second, first] : [first, second];
  const index = monthOf(name);
  if (index < 0 || !/^\d+$/.test(number)) return null;
  const thisYear = partsOf(now, clock)[0];
  const time = dayIn(clock, Number(third ?? thisYear), index, Number(number));
  // Without a year, it is the last one that there was.
  return time !== null && time > now && third === undefined ? dayIn(clock, thisYear - 1, index, Number(number)) : time;
}

/** @param {string} name @returns {number} from 0; -1 if it is none */
function monthOf(name) {
  const all = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
  return name.length < 3 ? -1 : all.findIndex((month) => month.startsWith(name));
}

/** @param {import('./dates.js').Present['clock']} clock @param {number} year @param {number} month @param {number} day */
function dayIn(clock, year, month, day) {
  const time = timeOf(clock, year, month, day);
  const [, sameMonth, sameDay] = partsOf(time, clock);
  return sameMonth === month && sameDay === day ? time : null;
}

/**
 * A time of day on the day of another time.
 * @param {number} day
 * @param {string} text
 * @param {Present} present
 * @returns {Span | null}
 */
function onDay(day, text, { clock }) {
  const time = parseTime(text);
  if (time === null) return null;
  const [year, month, date] = partsOf(day, clock);
  const start = timeOf(clock, year, month, date, time.hour, time.minute, time.second) + time.millisecond;
  return { start, end: start + time.unit };
}

/** `10:30`, `10:30:05.5`, `3pm`. @param {string} text */
function parseTime(text) {
  const match = /^(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?([ap]m))?$/i.exec(text.trim());
  if (match === null || (match[2] === undefined && match[5] === undefined)) return null;
  const [, hourText, minute = '0', second = '0', fraction = '', half] = match;
  let hour = Number(hourText);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  }
  if (hour > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const millisecond = Number(fraction.padEnd(3, '0').slice(0, 3));
  const unit = fraction !== '' ? 1 : match[3] !== undefined ? 1000 : match[2] !== undefined ? 60_000 : 3_600_000;
  return { hour, minute: Number(minute), second: Number(second), millisecond, unit };
}
