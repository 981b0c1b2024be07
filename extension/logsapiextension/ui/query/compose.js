/**
 * Changes a search text as a click asks for it. What stands in the text otherwise, and how
 * it is written, stays.
 *
 * @typedef {import('./tree.js').Condition} Condition
 *
 * @typedef {object} Filter
 * @property {string} field a name of docs/search.md; `attributeField` makes those of attributes
 * @property {string | null} value the text of a value; null is none at all
 * @property {boolean} [exclude] true for the records that have another value, or none
 * @property {boolean} [also] true to find the value beside others that the text finds
 *   already, instead of them
 */

import { attributeOf, isOwnField } from './fields.js';
import { conjunction, isClosed } from './tree.js';

/** The longest name and value of a condition, in characters. */
const maxLength = 1024;

/** Fields that have one of a few names, for which people write a colon. */
const namedByColon = new Set(['level', 'service', 'event']);

const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const plain = /^[\p{L}\p{Nd}._/@$][\p{L}\p{Nd}._/@$-]*$/u;

/**
 * A name or a value as it is written: in quotes, unless it means the same without.
 * @param {string} text
 * @returns {string}
 */
export function written(text) {
  const isPlain = plain.test(text) && !number.test(text) && !['AND', 'OR', 'NOT'].includes(text);
  return isPlain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Whether there is a condition for a value: a key that is empty and a value that is too
 * long have none.
 * @param {Filter} filter
 * @returns {boolean}
 */
export function isExpressible({ field, value }) {
  const key = attributeOf(field)?.key ?? field;
  return key !== '' && [field, value ?? ''].every((text) => text.length <= maxLength || [...text].length <= maxLength);
}

/**
 * The text with a condition more.
 *
 * A value that is to be found takes the place of all conditions by its field: if the value
 * agrees with them they say nothing more, and else nothing would be found. A value that is
 * to be left out takes the place of that which finds it.
 * @param {string} q
 * @param {Filter} filter
 * @returns {string}
 */
export function addCondition(q, { field, value, exclude = false, also = false }) {
  const added = conditionOf(field, isNone(field, value) ? null : [written(/** @type {string} */ (value))], exclude);
  const parts = conjunction(q);
  if (parts === null) return append(isClosed(q) ? `(${q.trim()})` : q, added);
  if (exclude) return addExclusion(q, added, field, value);
  const others = also && !isNone(field, value) ? valuesFound(q, field).filter((other) => other.text !== value) : [];
  const values = [...others.map((other) => other.raw), written(value ?? '')];
  return replaceAll(q, field, others.length > 0 ? conditionOf(field, values, false) : added);
}

/**
 * The text without a value that addCondition has put there.
 * @param {string} q
 * @param {Filter} filter
 * @returns {string}
 */
export function removeCondition(q, { field, value, exclude = false }) {
  return edit(q, (condition) => {
    if (!isSameField(condition.field, field)) return undefined;
    if (isNone(field, value)) return isAny(condition) && condition.isNegative !== exclude ? '' : undefined;
    return condition.isNegative === exclude ? withoutValue(q, condition, value) : undefined;
  });
}

/**
 * The text without its conditions by a field: what there is else to choose.
 * @param {string} q
 * @param {string} field
 * @returns {string}
 */
export function withoutField(q, field) {
  return replaceAll(q, field, '');
}

/**
 * The values of a field that a text finds, and those that it leaves out, as far as it says
 * so by conditions on whole values. null stands for no value.
 * @param {string} q
 * @param {string} field
 * @returns {{included: Set<string | null>, excluded: Set<string | null>}}
 */
export function chosenValues(q, field) {
  /** @type {{included: Set<string | null>, excluded: Set<string | null>}} */
  const chosen = { included: new Set(), excluded: new Set() };
  for (const { condition } of conjunction(q) ?? []) {
    if (condition === null || !isSameField(condition.field, field)) continue;
    const found = condition.isNegative ? chosen.excluded : chosen.included;
    for (const value of isWhole(condition) ? condition.values : []) found.add(textOf(field, value.text));
    if (isAny(condition)) (condition.isNegative ? chosen.included : chosen.excluded).add(null);
  }
  return chosen;
}

/** @param {string} q @param {string} added @param {string} field @param {string | null} value */
function addExclusion(q, added, field, value) {
  const { included, excluded } = chosenValues(q, field);
  if (excluded.has(value)) return q;
  const remaining = removeCondition(q, { field, value });
  const isSaid = included.has(value) && chosenValues(remaining, field).included.size > 0;
  return isSaid ? remaining : append(remaining, added);
}

/**
 * Whether a value is none: only attributes and the service can have an empty text.
 * @param {string} field
 * @param {string | null} value
 */
function isNone(field, value) {
  return value === null || (value === '' && isOwnField(field) && field !== 'service');
}

/** A value as it is compared: levels in any case. @param {string} field @param {string} text */
function textOf(field, text) {
  return field === 'level' ? text.toLowerCase() : text;
}

/** Whether a condition is about whole values. @param {Condition} condition */
function isWhole({ operator, field, values }) {
  return operator === '=' || (operator === ':' && field !== 'message' && !values.some((value) => value.hasStar));
}

/** Whether a condition is `field:*`, or its opposite. @param {Condition} condition */
function isAny({ operator, values }) {
  return operator === ':' && values.length === 1 && values[0].hasStar && /^\*+$/.test(values[0].text);
}

/**
 * Whether two names are of the same field, or of an attribute of the record by different
 * names.
 * @param {string} one
 * @param {string} other
 */
function isSameField(one, other) {
  const [a, b] = [attributeOf(one), attributeOf(other)];
  if (a === null || b === null) return one === other;
  return a.key === b.key && (a.place === b.place || (a.place !== 'resource' && b.place !== 'resource'));
}

/**
 * The whole values of a field that a text finds.
 * @param {string} q
 * @param {string} field
 * @returns {{text: string, raw: string}[]}
 */
function valuesFound(q, field) {
  return (conjunction(q) ?? []).flatMap(({ condition }) => {
    if (condition === null || condition.isNegative || !isSameField(condition.field, field) || !isWhole(condition)) return [];
    return condition.values.map(({ text, start, end }) => ({ text: textOf(field, text), raw: q.slice(start, end) }));
  });
}

/**
 * A condition without a value; undefined if it does not have it.
 * @param {string} q
 * @param {Condition} condition
 * @param {string | null} value
 */
function withoutValue(q, condition, value) {
  if (!isWhole(condition)) return undefined;
  const kept = condition.values.filter(({ text }) => textOf(condition.field, text) !== value);
  if (kept.length === condition.values.length) return undefined;
  const raw = kept.map(({ start, end }) => q.slice(start, end));
  return raw.length === 0 ? '' : conditionOf(condition.field, raw, condition.isNegative);
}

/**
 * @param {string} field
 * @param {string[] | null} values as they are written, at least one; null is no value
 * @param {boolean} isNegative
 * @returns {string}
 */
function conditionOf(field, values, isNegative) {
  const name = written(field);
  if (values === null) return isNegative ? `${name}:*` : `-${name}:*`;
  const list = values.length === 1 ? values[0] : `(${values.join(' OR ')})`;
  return `${isNegative ? '-' : ''}${name}${namedByColon.has(field) ? ':' : '='}${list}`;
}

/**
 * The text with another condition in the place of those by a field, or behind it if there
 * are none.
 * @param {string} q
 * @param {string} field
 * @param {string} replacement
 */
function replaceAll(q, field, replacement) {
  let isPlaced = replacement === '';
  const edited = edit(q, (condition) => {
    if (!isSameField(condition.field, field)) return undefined;
    const inPlace = isPlaced ? '' : replacement;
    isPlaced = true;
    return inPlace;
  });
  return isPlaced ? edited : append(edited, replacement);
}

/**
 * The text with some conditions changed.
 * @param {string} q
 * @param {(condition: Condition) => string | undefined} change returns what becomes of a
 *   condition: '' is nothing, undefined leaves it as it is
 * @returns {string}
 */
function edit(q, change) {
  let edited = '';
  let isChanged = false;
  for (const { start, end, condition } of conjunction(q) ?? []) {
    const changed = condition === null ? undefined : change(condition);
    isChanged ||= changed !== undefined;
    edited = append(edited, changed ?? q.slice(start, end));
  }
  return isChanged ? edited : q;
}

/** @param {string} q @param {string} part */
function append(q, part) {
  if (part === '') return q;
  return q.trim() === '' ? part : `${q.trimEnd()} ${part}`;
}
