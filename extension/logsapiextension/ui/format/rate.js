/** How many come in a second, over the last seconds. */
export class RateMeter {
  /** @type {{at: number, count: number}[]} */
  #arrivals = [];
  #since;
  #window;

  /**
   * @param {number} now milliseconds
   * @param {number} [window] how far back it looks, in milliseconds
   */
  constructor(now, window = 5000) {
    this.#since = now;
    this.#window = window;
  }

  /**
   * @param {number} count how many have come
   * @param {number} now milliseconds
   */
  add(count, now) {
    this.#arrivals.push({ at: now, count });
    this.#forget(now);
  }

  /**
   * @param {number} now milliseconds
   * @returns {number} how many came in a second
   */
  perSecond(now) {
    this.#forget(now);
    // A meter that has just begun to look has not looked at the whole window yet.
    const looked = Math.min(this.#window, Math.max(now - this.#since, 1000));
    return this.#arrivals.reduce((sum, { count }) => sum + count, 0) / (looked / 1000);
  }

  /** @param {number} now */
  #forget(now) {
    const first = this.#arrivals.findIndex(({ at }) => at > now - this.#window);
    this.#arrivals.splice(0, first < 0 ? this.#arrivals.length : first);
  }
}
