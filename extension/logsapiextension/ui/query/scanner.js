/**
 * Reads the language of the search box (docs/search.md) from left to right, and never
 * fails: what the server would refuse is still cut into tokens, so that a text can be
 * coloured while it is typed. The server says what is wrong with it.
 *
 * @typedef {'space' | 'open' | 'close' | 'keyword' | 'not' | 'field' | 'operator' | 'value' | 'word'} TokenKind
 *   `open` and `close` are parentheses, `not` is a minus, a `word` is looked for in the
 *   message, a `value` belongs to the field and operator before it
 *
 * @typedef {object} Token
 * @property {TokenKind} kind
 * @property {number} start of the text's UTF-16 units
 * @property {number} end
 * @property {string} text what a field, a value or a word says; without quotes and backslashes
 * @property {boolean} isQuoted
 * @property {boolean} isOpen true if the closing quote is missing
 * @property {boolean} hasStar true if a star in it stands for any text
 */

/** The operators; one goes before those that it starts with. */
const operators = ['!=', '=~', '>=', '<=', ':', '=', '~', '>', '<'];

const comparisons = ['>=', '<=', '>', '<'];

/** White space as Go's unicode.IsSpace has it, which differs from \s. */
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const punctuation = /[!-/:-@[-`{-~]/;

/** @param {string} character one character, or '' @returns {boolean} */
export function isSpace(character) {
  return character !== '' && space.test(character);
}

/** Whether a word ends before a character. @param {string} character @returns {boolean} */
function isBreak(character) {
  return character === '' || character === '(' || character === ')' || space.test(character);
}

/**
 * The tokens of a text, which together are all of it.
 * @param {string} text
 * @returns {Token[]}
 */
export function scan(text) {
  return new Scanner(text).tokens();
}

class Scanner {
  /** @param {string} input */
  constructor(input) {
    this.input = input;
    this.at = 0;
    /** @type {Token[]} */
    this.found = [];
    /** The depth of parentheses in which the list of a field's values began, or 0. */
    this.listDepth = 0;
    this.depth = 0;
  }

  /** @returns {Token[]} */
  tokens() {
    while (this.at < this.input.length) this.#next();
    return this.found;
  }

  /** @param {number} [ahead] @returns {string} the character so far ahead, or '' */
  #peek(ahead = 0) {
    return this.input.charAt(this.at + ahead);
  }

  /**
   * Notes a token from a place up to here.
   * @param {TokenKind} kind
   * @param {number} start
   * @param {Partial<Token>} [more]
   */
  #add(kind, start, more = {}) {
    const text = this.input.slice(start, this.at);
    this.found.push({ kind, start, end: this.at, text, isQuoted: false, isOpen: false, hasStar: false, ...more });
  }

  #next() {
    const start = this.at;
    const character = this.#peek();
    if (isSpace(character)) {
      while (isSpace(this.#peek())) this.at++;
      this.#add('space', start);
    } else if (character === '(' || character === ')') {
      this.at++;
      this.#parenthesis(character, start);
    } else if (this.#skipKeyword()) {
      this.#add('keyword', start);
    } else if (this.listDepth > 0) {
      this.#value('value');
    } else if (character === '-') {
      this.at++;
      this.#add('not', start);
    } else {
      this.#condition();
    }
  }

  /** @param {string} character @param {number} start */
  #parenthesis(character, start) {
    if (character === '(') {
      this.depth++;
    } else {
      if (this.depth === this.listDepth) this.listDepth = 0;
      this.depth = Math.max(0, this.depth - 1);
    }
    this.#add(character === '(' ? 'open' : 'close', start);
  }

  /** Reads AND, OR or NOT if it is next; in a list of values only OR means anything. */
  #skipKeyword() {
    for (const word of this.listDepth > 0 ? ['OR'] : ['AND', 'OR', 'NOT']) {
      if (this.input.startsWith(word, this.at) && isBreak(this.#peek(word.length))) {
        this.at += word.length;
        return true;
      }
    }
    return false;
  }

  /** @returns {string} the operator that is next, or '' */
  #operator() {
    return operators.find((operator) => this.input.startsWith(operator, this.at)) ?? '';
  }

  /** Reads a word, or a field with its operator and the start of its values. */
  #condition() {
    const start = this.at;
    const name = this.#peek() === '"' ? this.#quoted() : this.#unquoted(true);
    let operator = this.#operator();
    if (operator === '') {
      this.#add('word', start, name);
      return;
    }
    this.#add('field', start, name);
    const operatorStart = this.at;
    this.at += operator.length;
    if (operator === ':' && comparisons.includes(this.#operator())) {
      operator = this.#operator();
      this.at += operator.length;
    }
    this.#add('operator', operatorStart, { text: operator });
    this.#values(operator);
  }

  /** @param {string} operator */
  #values(operator) {
    const start = this.at;
    if (operator === '=~' && this.#peek() !== '"') {
      if (this.#skipPattern()) this.#add('value', start);
    } else if (this.#peek() === '(') {
      this.at++;
      this.depth++;
      this.listDepth = this.depth;
      this.#add('open', start);
    } else if (!isBreak(this.#peek())) {
      this.#value('value');
    }
  }

  /** @param {TokenKind} kind */
  #value(kind) {
    const start = this.at;
    const value = this.#peek() === '"' ? this.#quoted() : this.#unquoted(false);
    this.#add(kind, start, value);
  }

  /** Reads a text in quotes. @returns {Partial<Token>} */
  #quoted() {
    let text = '';
    for (this.at++; this.at < this.input.length; this.at++) {
      const character = this.#peek();
      if (character === '"') {
        this.at++;
        return { text, isQuoted: true };
      }
      if (character === '\\' && (this.#peek(1) === '"' || this.#peek(1) === '\\')) this.at++;
      text += this.#peek();
    }
    return { text, isQuoted: true, isOpen: true };
  }

  /**
   * Reads up to a break, or to an operator if it may be the name of a field.
   * @param {boolean} isName
   * @returns {Partial<Token>}
   */
  #unquoted(isName) {
    let text = '';
    let hasStar = false;
    for (; !isBreak(this.#peek()) && !(isName && this.#operator() !== ''); this.at++) {
      const following = this.#peek(1);
      if (this.#peek() === '*') hasStar = true;
      else if (this.#peek() === '\\' && following !== '' && (isSpace(following) || punctuation.test(following))) this.at++;
      text += this.#peek();
    }
    return { text, hasStar };
  }

  /** Reads a regular expression that is not in quotes; reports whether there is one. */
  #skipPattern() {
    const start = this.at;
    let open = 0;
    for (; this.at < this.input.length && !isSpace(this.#peek()); this.at++) {
      const character = this.#peek();
      const following = this.#peek(1);
      if (character === ')' && open === 0) break;
      if (character === '\\' && following !== '' && !isSpace(following)) this.at++;
      else if (character === '(') open++;
      else if (character === ')') open--;
    }
    return this.at > start;
  }
}

/**
 * The place in a text of a column that the server named, which counts characters from 1.
 * @param {string} text
 * @param {number} column
 * @returns {number} in UTF-16 units
 */
export function indexOfColumn(text, column) {
  let index = 0;
  for (let left = column - 1; left > 0 && index < text.length; left--) {
    index += /** @type {number} */ (text.codePointAt(index)) > 0xffff ? 2 : 1;
  }
  return index;
}
