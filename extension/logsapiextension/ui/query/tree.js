/**
 * What a search text is made of, as far as is needed to change it by a click: the parts
 * that stand side by side and must all hold, and of each whether it is one condition.
 *
 * @typedef {import('./scanner.js').Token} Token
 *
 * @typedef {object} Part a part that must hold beside the others
 * @property {number} start
 * @property {number} end
 * @property {Condition | null} condition null if the part is a group or says something else
 *
 * @typedef {object} Condition a field, an operator and its values
 * @property {boolean} isNegative with a minus or a NOT before it, or by !=
 * @property {string} field the name, such as user.id or resource.host
 * @property {string} operator
 * @property {Token[]} values
 */

import { scan } from './scanner.js';

/**
 * The parts of a text that must all hold.
 * @param {string} text
 * @returns {Part[] | null} null if the text is not read so: it has an OR between its
 *   parts, or is wrong
 */
export function conjunction(text) {
  const reader = new Reader(scan(text).filter((token) => token.kind !== 'space'));
  return reader.all();
}

/**
 * Whether the parentheses and quotes of a text are closed, so that something can be put
 * behind it.
 * @param {string} text
 * @returns {boolean}
 */
export function isClosed(text) {
  let depth = 0;
  for (const token of scan(text)) {
    if (token.isOpen) return false;
    if (token.kind === 'open') depth++;
    if (token.kind === 'close' && --depth < 0) return false;
  }
  return depth === 0;
}

class Reader {
  /** @param {Token[]} tokens */
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
  }

  /** @returns {Token | undefined} */
  #peek() {
    return this.tokens[this.at];
  }

  /** @param {string} word */
  #isKeyword(word) {
    const token = this.#peek();
    return token?.kind === 'keyword' && token.text === word;
  }

  /** @returns {Part[] | null} */
  all() {
    /** @type {Part[]} */
    const parts = [];
    while (this.at < this.tokens.length) {
      if (parts.length > 0 && this.#isKeyword('AND')) this.at++;
      const part = this.#part();
      if (part === null) return null;
      parts.push(part);
    }
    return parts;
  }

  /** @returns {Part | null} */
  #part() {
    const start = this.#peek()?.start ?? 0;
    let isNegative = false;
    while (this.#isKeyword('NOT') || this.#peek()?.kind === 'not') {
      isNegative = !isNegative;
      this.at++;
    }
    const token = this.#peek();
    if (token === undefined || token.isOpen) return null;
    switch (token.kind) {
      case 'open':
        return this.#group(start);
      case 'word':
        this.at++;
        return { start, end: token.end, condition: null };
      case 'field':
        return this.#condition(start, isNegative, token.text);
      default:
        return null;
    }
  }

  /** @param {number} start @returns {Part | null} */
  #group(start) {
    let depth = 0;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at];
      if (token.isOpen) return null;
      if (token.kind === 'open') depth++;
      if (token.kind === 'close' && --depth === 0) {
        this.at++;
        return { start, end: token.end, condition: null };
      }
    }
    return null;
  }

  /** @param {number} start @param {boolean} isNegative @param {string} field @returns {Part | null} */
  #condition(start, isNegative, field) {
    this.at++;
    const operator = this.#peek()?.text ?? '';
    this.at++;
    const first = this.#peek();
    // A value stands right behind its operator.
    if (first === undefined || first.start !== this.tokens[this.at - 1].end) return null;
    const values = first.kind === 'open' ? this.#list() : this.#single();
    if (values === null) return null;
    if (operator === '!=') return this.#found(start, { isNegative: !isNegative, field, operator: '=', values });
    return this.#found(start, { isNegative, field, operator, values });
  }

  /** @param {number} start @param {Condition} condition @returns {Part} */
  #found(start, condition) {
    return { start, end: this.tokens[this.at - 1].end, condition };
  }

  /** @returns {Token[] | null} */
  #single() {
    const token = this.tokens[this.at++];
    return token.kind === 'value' && !token.isOpen ? [token] : null;
  }

  /** Reads `(a OR b)`. @returns {Token[] | null} */
  #list() {
    /** @type {Token[]} */
    const values = [];
    do {
      this.at++;
      const token = this.#peek();
      if (token?.kind !== 'value' || token.isOpen) return null;
      values.push(token);
      this.at++;
    } while (this.#isKeyword('OR'));
    if (this.#peek()?.kind !== 'close') return null;
    this.at++;
    return values;
  }
}
