/**
 * Reads JSON without losing anything: numbers keep their digits (a JavaScript number rounds
 * beyond 2^53), members their order, and repeated names stay.
 */

/**
 * A value: a map, a list, or a text as people read it.
 * @typedef {object} JsonNode
 * @property {'map' | 'list' | 'string' | 'number' | 'boolean' | 'null'} kind
 * @property {string} text of a leaf; of maps and lists their JSON
 * @property {{key: string, node: JsonNode}[]} children of maps and lists
 */

/** Deeper than this, maps and lists are shown as their JSON. */
const deepest = 32;
/** Longer texts are shown as they are: a tree of them would not be read. */
const longest = 4_000_000;

/**
 * Reads a map or a list.
 * @param {string} text
 * @returns {JsonNode | null} null if the text is no JSON, or neither a map nor a list
 */
export function parseJsonText(text) {
  const first = /^\s*([[{])/.exec(text);
  if (!first || text.length > longest) return null;
  try {
    const reader = new Reader(text);
    const node = reader.value(0);
    reader.end();
    return node;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * The text of a value inside a map, by the names on the way joined with dots; names may have
 * dots themselves.
 * @param {JsonNode} node
 * @param {string} path
 * @returns {string | null} null if there is none
 */
export function findInJson(node, path) {
  for (const { key, node: child } of node.children) {
    if (key === path) return child.text;
    if (path.startsWith(`${key}.`)) {
      const found = findInJson(child, path.slice(key.length + 1));
      if (found !== null) return found;
    }
  }
  return null;
}

const whiteSpace = /[\t\n\r ]*/y;
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- JSON has none
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordToken = /true|false|null/y;

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /**
   * @param {number} depth
   * @returns {JsonNode}
   */
  value(depth) {
    this.#skip();
    const start = this.at;
    const first = this.text[start];
    if (first === '{' || first === '[') return this.#container(first === '{' ? 'map' : 'list', depth);
    if (first === '"') return leaf('string', this.#string());
    const word = this.#take(wordToken);
    if (word !== null) return leaf(word === 'null' ? 'null' : 'boolean', word);
    const number = this.#take(numberToken);
    if (number !== null) return leaf('number', number);
    throw new SyntaxError(`no value at ${start}`);
  }

  end() {
    this.#skip();
    if (this.at < this.text.length) throw new SyntaxError(`more at ${this.at}`);
  }

  /**
   * @param {'map' | 'list'} kind
   * @param {number} depth
   * @returns {JsonNode}
   */
  #container(kind, depth) {
    if (depth > deepest) throw new SyntaxError('too deep');
    const start = this.at;
    const close = kind === 'map' ? '}' : ']';
    /** @type {JsonNode['children']} */
    const children = [];
    this.at += 1;
    for (this.#skip(); this.text[this.at] !== close; this.#skip()) {
      if (children.length > 0) this.#expect(',');
      this.#skip();
      let key = String(children.length);
      if (kind === 'map') {
        key = this.#string();
        this.#skip();
        this.#expect(':');
      }
      children.push({ key, node: this.value(depth + 1) });
    }
    this.at += 1;
    return { kind, text: this.text.slice(start, this.at), children };
  }

  #string() {
    const token = this.#take(stringToken);
    if (token === null) throw new SyntaxError(`no string at ${this.at}`);
    return /** @type {string} */ (JSON.parse(token));
  }

  /** @param {string} character */
  #expect(character) {
    if (this.text[this.at] !== character) throw new SyntaxError(`no ${character} at ${this.at}`);
    this.at += 1;
  }

  #skip() {
    this.#take(whiteSpace);
  }

  /** @param {RegExp} token sticky */
  #take(token) {
    token.lastIndex = this.at;
    const match = token.exec(this.text);
    if (!match) return null;
    this.at = token.lastIndex;
    return match[0];
  }
}

/**
 * @param {JsonNode['kind']} kind
 * @param {string} text
 * @returns {JsonNode}
 */
function leaf(kind, text) {
  return { kind, text, children: [] };
}
