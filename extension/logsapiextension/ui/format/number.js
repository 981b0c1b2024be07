/** Numbers as people read them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/**
 * All digits, in groups: `12,345`.
 * @param {number} number
 * @returns {string}
 */
export function formatCount(number) {
  return whole.format(number);
}

/**
 * Three digits at most: `12.3K`.
 * @param {number} number
 * @returns {string}
 */
export function formatShortCount(number) {
  return Math.abs(number) < 10_000 ? whole.format(number) : short.format(number);
}

/**
 * `1 record`, `2 records`.
 * @param {number} number
 * @param {string} noun that takes an s
 * @returns {string}
 */
export function counted(number, noun) {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * How many in a second: `0.4/s`, `12/s`, `3.1K/s`.
 * @param {number} perSecond
 * @returns {string}
 */
export function formatRate(perSecond) {
  if (perSecond > 0 && perSecond < 10) return `${perSecond.toFixed(1)}/s`;
  return `${formatShortCount(Math.round(perSecond))}/s`;
}

/**
 * `512 B`, `1.5 kB`, `20 MB`.
 * @param {number} bytes
 * @returns {string}
 */
export function formatBytes(bytes) {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < names.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit > 0 && size < 10 ? size.toFixed(1) : String(Math.round(size))} ${names[unit]}`;
}

/**
 * A share that is never shown as none when it is some: `<0.1 %`, `2.5 %`, `40 %`.
 * @param {number} percent
 * @returns {string}
 */
export function formatPercent(percent) {
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  return percent < 10 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}
