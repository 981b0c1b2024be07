/**
 * Where rows of different heights are, for lists of which only a part is in the document.
 * A Fenwick tree: reading a position, finding the row at one and changing a height take
 * log(n) steps each, so that 100,000 rows cost nothing in a frame.
 */
export class RowHeights {
  #usual;
  #count = 0;
  /** Sums of how much rows differ from the usual height; index 0 is not used. */
  #sums = new Float64Array(1024);
  /** How much each row differs that does. @type {Map<number, number>} */
  #differences = new Map();

  /** @param {number} usual the height of a row of which nothing else is known */
  constructor(usual) {
    this.#usual = usual;
  }

  /** The height of a row of which nothing else is known. */
  get usual() {
    return this.#usual;
  }

  get count() {
    return this.#count;
  }

  /** The height of all rows together. */
  get total() {
    return this.top(this.#count);
  }

  /**
   * Forgets all heights.
   * @param {number} count
   * @param {number} [usual]
   */
  reset(count, usual = this.#usual) {
    this.#usual = usual;
    this.#differences.clear();
    this.#rebuild(count);
  }

  /**
   * Adds rows behind the last one.
   * @param {number} count how many there are then
   */
  grow(count) {
    if (count < this.#sums.length) {
      // Sums of ranges that end behind the old count may reach back to rows that differ.
      for (let index = this.#count + 1; index <= count; index += 1) this.#sums[index] = this.#sumFor(index);
      this.#count = count;
    } else {
      this.#rebuild(count);
    }
  }

  /**
   * Adds rows before the first one, and takes what is then too much from the end.
   * @param {number} added
   * @param {number} count how many there are then
   */
  prepend(added, count) {
    const moved = new Map();
    for (const [index, difference] of this.#differences) {
      if (index + added < count) moved.set(index + added, difference);
    }
    this.#differences = moved;
    this.#rebuild(count);
  }

  /**
   * @param {number} index
   * @returns {number} the height of a row
   */
  height(index) {
    return this.#usual + (this.#differences.get(index) ?? 0);
  }

  /**
   * @param {number} index
   * @param {number} height
   * @returns {boolean} whether it was another one
   */
  set(index, height) {
    const difference = height - this.#usual;
    const change = difference - (this.#differences.get(index) ?? 0);
    if (Math.abs(change) < 0.5) return false; // what browsers round
    if (difference === 0) this.#differences.delete(index);
    else this.#differences.set(index, difference);
    for (let at = index + 1; at <= this.#count; at += at & -at) this.#sums[at] += change;
    return true;
  }

  /**
   * @param {number} index
   * @returns {number} where a row begins
   */
  top(index) {
    let sum = index * this.#usual;
    for (let at = index; at > 0; at -= at & -at) sum += this.#sums[at];
    return sum;
  }

  /**
   * @param {number} position
   * @returns {number} the index of the row that is there; the first or last if none is
   */
  at(position) {
    let index = 0;
    let rest = position;
    for (let step = 2 ** Math.floor(Math.log2(Math.max(this.#count, 1))); step >= 1; step /= 2) {
      const next = index + step;
      if (next > this.#count) continue;
      const height = step * this.#usual + this.#sums[next];
      if (height <= rest) {
        index = next;
        rest -= height;
      }
    }
    return Math.max(0, Math.min(index, this.#count - 1));
  }

  /** @param {number} count */
  #rebuild(count) {
    this.#count = count;
    if (count >= this.#sums.length) this.#sums = new Float64Array(2 ** Math.ceil(Math.log2(count + 1)) + 1);
    else this.#sums.fill(0);
    for (const [index, difference] of this.#differences) {
      for (let at = index + 1; at <= count; at += at & -at) this.#sums[at] += difference;
    }
  }

  /** @param {number} index */
  #sumFor(index) {
    let sum = 0;
    for (let at = index - (index & -index) + 1; at < index; at += 1) {
      // Only rows that are known can differ: the ones being added are usual.
      sum += this.#differences.get(at - 1) ?? 0;
    }
    return sum;
  }
}
