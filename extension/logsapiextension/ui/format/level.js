/**
 * Levels as they are shown: a colour and always a word with it.
 *
 * @typedef {import('../api/types.js').Level} Level
 */

/**
 * The levels from the least severe to the most; `unspecified` stands for none.
 * @type {readonly Level[]}
 */
export const levels = Object.freeze(['unspecified', 'trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/**
 * The level of a text, `unspecified` for what is none; so that no text of a record ends up
 * in the name of a class.
 * @param {string} text
 * @returns {Level}
 */
export function levelOf(text) {
  return levels.find((level) => level === text) ?? 'unspecified';
}

/**
 * The word for a level: `ERROR`, and a dash for none.
 * @param {string} text
 * @returns {string}
 */
export function levelLabel(text) {
  const level = levelOf(text);
  return level === 'unspecified' ? '—' : level.toUpperCase();
}
