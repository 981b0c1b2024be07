/**
 * The arithmetic of charts.
 */

/**
 * The least round number that is not less: 1, 2, 4, 6, 8 or 10 times a power of ten.
 * @param {number} value
 */
export function niceCeiling(value) {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 6, 8, 10].find((one) => one * power >= value) ?? 10;
  return factor * power;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const steps = Object.freeze([
  minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day,
]);

/**
 * Round moments of a clock, at most so many.
 * @param {number} first in milliseconds since 1970
 * @param {number} last
 * @param {number} most
 * @param {import('../format/time.js').Clock} clock
 */
export function timeTicks(first, last, most, clock) {
  const step = steps.find((one) => (last - first) / one <= most) ?? steps[steps.length - 1];
  const offset = clock === 'utc' ? 0 : new Date(last).getTimezoneOffset() * minute;
  /** @type {number[]} */
  const ticks = [];
  for (let at = Math.ceil((first - offset) / step) * step + offset; at <= last; at += step) ticks.push(at);
  return ticks;
}

/**
 * The path of a line. Of points that share a pixel the highest and the lowest are kept, so
 * that a spike among thousands is seen.
 * @param {{x: number, y: number}[]} points from the left
 * @param {number} pixels
 */
export function linePath(points, pixels) {
  if (points.length <= 2 * pixels) return path(points);
  /** @type {Map<number, {high: {x: number, y: number}, low: {x: number, y: number}}>} */
  const columns = new Map();
  for (const point of points) {
    const column = columns.get(Math.round(point.x));
    if (!column) columns.set(Math.round(point.x), { high: point, low: point });
    else if (point.y < column.high.y) column.high = point;
    else if (point.y > column.low.y) column.low = point;
  }
  return path([...columns.values()].flatMap(({ high, low }) => (high.x <= low.x ? [high, low] : [low, high])));
}

/** @param {{x: number, y: number}[]} points */
function path(points) {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}
