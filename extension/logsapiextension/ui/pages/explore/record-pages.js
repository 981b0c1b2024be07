/**
 * The records that a query finds, read page by page.
 *
 * @typedef {import('../../api/types.js').LogQuery} LogQuery
 * @typedef {import('../../api/types.js').LogPage} LogPage
 * @typedef {import('../../api/types.js').LogRow} LogRow
 */

/** The first page is small, to be there at once; later ones are read ahead. */
const firstPage = 200;
const laterPage = 2000;

/** How many records are kept: what a browser can hold, and more than anybody reads. */
export const mostRecords = 200_000;

export class RecordPages {
  /** @type {LogRow[]} */
  records = [];
  /** Whether there are more than are here. */
  hasMore = true;
  #query;
  #ask;
  /** @type {string | null} */
  #cursor = null;
  /** Resources that many records have in common, by their fingerprints. @type {Map<string, Record<string, string>>} */
  #resources = new Map();
  /** @type {Promise<number> | null} */
  #reading = null;

  /**
   * @param {LogQuery} query
   * @param {(query: LogQuery, options: {signal: AbortSignal}) => Promise<LogPage>} ask
   */
  constructor(query, ask) {
    this.#query = query;
    this.#ask = ask;
  }

  get isFull() {
    return this.records.length >= mostRecords;
  }

  /**
   * Reads the next page, once however often it is asked for at a time.
   * @param {AbortSignal} signal
   * @returns {Promise<number>} how many records it had
   */
  next(signal) {
    this.#reading ??= this.#read(signal).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** @param {AbortSignal} signal */
  async #read(signal) {
    if (!this.hasMore || this.isFull) return 0;
    const limit = this.records.length === 0 ? firstPage : laterPage;
    const after = this.#cursor === null ? {} : { after: this.#cursor };
    const page = await this.#ask({ ...this.#query, ...after, limit }, { signal });
    // What the question was understood as: `-1h` must not mean another hour on each page.
    if (page.query?.dateRange) this.#query = { ...this.#query, dateRange: page.query.dateRange };
    for (const row of page.results) this.records.push(this.#shared(row));
    this.#cursor = page.nextCursor;
    this.hasMore = page.hasMore && page.nextCursor !== null;
    return page.results.length;
  }

  /**
   * Puts records before the first one.
   * @param {LogRow[]} rows in the order in which they are to stand
   * @param {number} most how many are kept; what is beyond is let go and can be read again
   */
  prepend(rows, most) {
    this.records = [...rows.map((row) => this.#shared(row)), ...this.records];
    if (this.records.length <= most) return;
    this.records.length = most;
    this.continueAfter(this.records[most - 1]);
  }

  /**
   * Goes on behind a record.
   * @param {LogRow} row
   */
  continueAfter({ timestamp, uuid }) {
    this.#cursor = btoa(JSON.stringify({ timestamp, uuid }));
    this.hasMore = true;
  }

  /**
   * The row with its resource in memory once for all that have the same.
   * @param {LogRow} row
   * @returns {LogRow}
   */
  #shared(row) {
    const known = this.#resources.get(row.resource_fingerprint);
    if (known) row.resource_attributes = known;
    else this.#resources.set(row.resource_fingerprint, row.resource_attributes);
    return row;
  }
}
