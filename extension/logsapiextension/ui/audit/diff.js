/**
 * What is different between two values, in the order in which they are written.
 *
 * @typedef {import('../format/json-text.js').JsonNode} JsonNode
 */

import { parseJsonText } from '../format/json-text.js';

/**
 * A value that differs. Null is none: it was added or taken away.
 * @typedef {object} Difference
 * @property {string} path names joined with dots; "" is the value as a whole
 * @property {string | null} before
 * @property {string | null} after
 */

/**
 * @param {string | null} before JSON, or any text; null is none
 * @param {string | null} after
 * @returns {Difference[]}
 */
export function differences(before, after) {
  /** @type {Difference[]} */
  const found = [];
  compare('', read(before), read(after), found);
  return found;
}

/**
 * @param {string | null} text
 * @returns {JsonNode | null}
 */
function read(text) {
  if (text === null || text === 'null' || text === '') return null;
  return parseJsonText(text) ?? { kind: 'string', text: unquoted(text), children: [] };
}

/** @param {string} text */
function unquoted(text) {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

/**
 * @param {string} path
 * @param {JsonNode | null} before
 * @param {JsonNode | null} after
 * @param {Difference[]} found
 */
function compare(path, before, after, found) {
  if (isMap(before) || isMap(after)) {
    compareMaps(path, before, after, found);
  } else if (before?.kind === 'list' && after?.kind === 'list') {
    if (before.text !== after.text) compareLists(path, before, after, found);
  } else if (textOf(before) !== textOf(after) || before?.kind !== after?.kind) {
    found.push({ path, before: textOf(before), after: textOf(after) });
  }
}

/**
 * @param {string} path
 * @param {JsonNode | null} before
 * @param {JsonNode | null} after
 * @param {Difference[]} found
 */
function compareMaps(path, before, after, found) {
  // A map that took the place of something else, or that something else took.
  if ((before !== null && !isMap(before)) || (after !== null && !isMap(after))) {
    found.push({ path, before: textOf(before), after: textOf(after) });
    return;
  }
  const [old, now] = [byName(before), byName(after)];
  const names = new Set([...old.keys(), ...now.keys()]);
  if (names.size === 0 && (before === null) !== (after === null)) {
    found.push({ path, before: textOf(before), after: textOf(after) });
  }
  for (const name of names) {
    compare(path === '' ? name : `${path}.${name}`, old.get(name) ?? null, now.get(name) ?? null, found);
  }
}

/**
 * Lists are told apart by what was added and what was taken away, if they are of plain
 * values; else as a whole.
 * @param {string} path
 * @param {JsonNode} before
 * @param {JsonNode} after
 * @param {Difference[]} found
 */
function compareLists(path, before, after, found) {
  const [old, now] = [before, after].map(({ children }) => children.map(({ node }) => node.text));
  const gone = old.filter((text) => !now.includes(text));
  const added = now.filter((text) => !old.includes(text));
  const arePlain = [before, after].every(({ children }) => children.every(({ node }) => node.children.length === 0));
  if (arePlain && gone.length + added.length > 0) {
    found.push({ path, before: gone.length > 0 ? gone.join(', ') : null, after: added.length > 0 ? added.join(', ') : null });
  } else {
    found.push({ path, before: before.text, after: after.text });
  }
}

/** @param {JsonNode | null} node */
function isMap(node) {
  return node?.kind === 'map';
}

/**
 * @param {JsonNode | null} node
 * @returns {Map<string, JsonNode>}
 */
function byName(node) {
  return new Map(node?.children.map(({ key, node: child }) => [key, child]) ?? []);
}

/** @param {JsonNode | null} node */
function textOf(node) {
  return node === null ? null : node.text;
}
