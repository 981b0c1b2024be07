/**
 * Finding the records of a pattern by the search box.
 *
 * @typedef {import('../../api/types.js').Pattern} Pattern
 */

import { conjunction, isClosed } from '../../query/tree.js';

/**
 * The search text with the condition that a message is of a pattern, or is not.
 * @param {string} q
 * @param {Pattern} pattern
 * @param {boolean} exclude
 * @returns {string | null} null if there is too little in the pattern that does not vary
 */
export function searchForPattern(q, { match_regex: regex, match_literal: literal }, exclude) {
  const condition = regex ? `message=~${quoted(regex)}` : literal ? `message~${quoted(literal)}` : null;
  if (condition === null) return null;
  const wanted = exclude ? `-${condition}` : condition;
  const before = q.trim();
  if (before === '') return wanted;
  // Behind an OR, the condition would belong to its last part alone.
  return conjunction(before) === null && isClosed(before) ? `(${before}) ${wanted}` : `${before} ${wanted}`;
}

/** @param {string} text */
function quoted(text) {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * What a pattern is made of: words, and what stands for parts that vary.
 * @param {string} pattern
 * @returns {{text: string, varies: boolean}[]}
 */
export function patternParts(pattern) {
  const parts = pattern.split(/("<str>"|<(?:num|id|uuid|hex|ip|email|timestamp|str)>)/);
  return parts.map((text, index) => ({ text, varies: index % 2 === 1 })).filter(({ text }) => text !== '');
}
