/**
 * What a histogram shows, of the answer of `sparkline`.
 *
 * @typedef {import('../api/types.js').Level} Level
 * @typedef {import('../api/types.js').SparklineRow} SparklineRow
 * @typedef {import('../state/dates.js').Span} Span
 *
 * @typedef {object} Bucket
 * @property {number} start milliseconds since 1970, within the range that was asked for
 * @property {number} end the first moment after it
 * @property {Partial<Record<Level, number>>} counts
 * @property {number} total
 *
 * @typedef {object} Histogram
 * @property {Bucket[]} buckets in the order of time, without gaps
 * @property {number} width of a whole bucket in milliseconds
 * @property {Partial<Record<Level, number>>} counts
 * @property {number} total
 */

import { levelOf } from '../format/level.js';

/**
 * @param {SparklineRow[]} rows
 * @param {Span | null} span the range, which the first and the last bucket may exceed
 * @returns {Histogram}
 */
export function histogramOf(rows, span) {
  /** @type {Map<number, Bucket>} */
  const byStart = new Map();
  /** @type {Histogram['counts']} */
  const counts = {};
  for (const { time, severity = '', count } of rows) {
    const start = Date.parse(time);
    const bucket = byStart.get(start) ?? { start, end: start, counts: {}, total: 0 };
    byStart.set(start, bucket);
    if (count === 0) continue;
    const level = levelOf(severity);
    bucket.counts[level] = (bucket.counts[level] ?? 0) + count;
    counts[level] = (counts[level] ?? 0) + count;
    bucket.total += count;
  }
  const buckets = [...byStart.values()].sort((a, b) => a.start - b.start);
  const width = widthOf(buckets, span);
  for (const bucket of buckets) {
    bucket.end = bucket.start + width;
    if (span === null) continue;
    if (bucket.end > span.start) bucket.start = Math.max(bucket.start, span.start);
    if (bucket.start < span.end) bucket.end = Math.min(bucket.end, span.end);
  }
  return { buckets, width, counts, total: buckets.reduce((sum, { total }) => sum + total, 0) };
}

/** @param {Bucket[]} buckets @param {Span | null} span */
function widthOf(buckets, span) {
  if (buckets.length > 1) {
    return buckets.slice(1).reduce((least, { start }, index) => Math.min(least, start - buckets[index].start), Infinity);
  }
  return span === null ? 1000 : Math.max(1000, span.end - span.start);
}

/**
 * The least round number that is not less: the top of an axis.
 * @param {number} number
 * @returns {number}
 */
export function niceCeiling(number) {
  if (number <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(number));
  return power * (/** @type {number} */ ([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= number && Number.isInteger(factor * power)) ?? 10));
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
];
const day = 86_400_000;

/**
 * Times to write under a span: at most so many, at round times of the clock.
 * @param {Span} span
 * @param {number} most
 * @param {(time: number) => number} startOfDay
 * @returns {{times: number[], step: number}}
 */
export function ticksOf({ start, end }, most, startOfDay) {
  const least = (end - start) / Math.max(1, most);
  const step = steps.find((candidate) => candidate >= least) ?? Math.ceil(least / day) * day;
  /** @type {number[]} */
  const times = [];
  const first = startOfDay(start);
  for (let time = first + Math.ceil((start - first) / step) * step; time <= end && times.length < 100; time += step) {
    // Days are not always as long as each other.
    times.push(step >= day ? startOfDay(time + day / 2) : time);
  }
  return { times: times.filter((time) => time >= start && time <= end), step };
}

/**
 * The length of a bucket in words: `5 min`.
 * @param {number} milliseconds
 * @returns {string}
 */
export function describeWidth(milliseconds) {
  /** @type {[number, string][]} */
  const units = [[day, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1000, 's']];
  const [length, name] = units.find(([unit]) => milliseconds >= unit && milliseconds % unit === 0) ?? [1, 'ms'];
  return `${milliseconds / length} ${name}`;
}
