/**
 * Reads the records that the table shows, page by page or as they come, and tells it of each
 * change.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('./rows-foot.js').FootState} FootState
 * @typedef {import('./tail.js').LiveTail} LiveTail
 * @typedef {import('./tail.js').TailState} TailState
 */

import { isAborted } from '../../api/client.js';
import { queryLogs } from '../../api/logs.js';
import { getRecord } from '../../api/record.js';
import { detailOf } from '../../elements/empty-state.js';
import { loadPart } from '../../elements/later.js';
import { parseInstant } from '../../format/time.js';
import { RecordPages } from './record-pages.js';

/** How many records are read at most to find the one that the address names. */
const mostLookedThrough = 20_000;

/**
 * @typedef {object} RecordsQuestion
 * @property {string} q
 * @property {string} from
 * @property {string} to
 * @property {'latest' | 'earliest'} sort
 * @property {boolean} tail whether records are shown as they come
 *
 * @typedef {object} RecordsListener
 * @property {() => void} grown there are more behind the last one, or it is known that there are none
 * @property {(added: number) => void} prepended so many came before the first one
 * @property {(state: FootState) => void} said what there is to say below the records
 * @property {(state: TailState) => void} tailChanged
 */

export class RecordsReader {
  #listener;
  /** @type {RecordsQuestion} */
  #question = { q: '', from: '', to: '', sort: 'latest', tail: false };
  #pages = new RecordPages({}, queryLogs);
  #running = new AbortController();
  /** @type {LiveTail | null} */
  #tail = null;

  /** @param {RecordsListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** The records that are here, in the order in which they are shown. @returns {LogRow[]} */
  get records() {
    return this.#pages.records;
  }

  get hasMore() {
    return this.#pages.hasMore;
  }

  /** Ends all that is under way. */
  stop() {
    this.#running.abort();
    this.#tail?.stop();
    this.#tail = null;
  }

  /**
   * Begins to read what a question finds, without anything of the one before.
   * @param {RecordsQuestion} question
   */
  begin(question) {
    this.stop();
    this.#running = new AbortController();
    this.#question = question;
    const { q, from, to, sort, tail } = question;
    const dateRange = { date_from: from, date_to: tail || to === 'now' ? null : to };
    this.#pages = new RecordPages({ q, dateRange, orderBy: tail ? 'latest' : sort }, queryLogs);
    this.#listener.said({ kind: 'loading', text: tail ? 'Connecting…' : 'Searching…' });
    if (tail) void this.#follow(q);
  }

  /** Reads the next page. */
  async next() {
    const pages = this.#pages;
    if (!pages.hasMore || pages.isFull) return;
    try {
      if (pages.records.length > 0) this.#listener.said({ kind: 'loading', text: 'Reading more…' });
      await pages.next(this.#running.signal);
      if (pages === this.#pages) this.#told();
    } catch (error) {
      if (pages === this.#pages && !isAborted(error)) this.#listener.said({ kind: 'error', error });
    }
  }

  /**
   * Looks for a record, reading on as long as it may be among those that are not here yet.
   * @param {string} id
   * @returns {Promise<number>} its index; -1 if it is none of what the question finds
   */
  async find(id) {
    const pages = this.#pages;
    const { signal } = this.#running;
    const indexOf = () => pages.records.findIndex(({ uuid }) => uuid === id);
    let index = indexOf();
    if (index >= 0) return index;
    const { timestamp } = await getRecord(id, null, { signal });
    while (index < 0 && pages === this.#pages && this.#isAhead(timestamp)) {
      await pages.next(signal);
      index = indexOf();
    }
    if (pages === this.#pages) this.#told();
    return index;
  }

  /** @param {boolean} isPaused whether records that come have to wait */
  pause(isPaused) {
    this.#tail?.pause(isPaused);
  }

  /** Tells of records that were read. */
  #told() {
    this.#listener.said(this.#end());
    this.#listener.grown();
  }

  /** @returns {FootState} */
  #end() {
    const { records, hasMore, isFull } = this.#pages;
    const { q, tail } = this.#question;
    if (records.length === 0) return tail ? { kind: 'waiting', q } : { kind: 'empty', q };
    if (isFull) return { kind: 'full', count: records.length };
    return hasMore ? { kind: 'more' } : { kind: 'end', count: records.length };
  }

  /** @param {string} q */
  async #follow(q) {
    const { signal } = this.#running;
    this.#pages.hasMore = false;
    const part = await loadPart(() => import('./tail.js')).catch((error) => {
      if (!signal.aborted) this.#listener.said({ kind: 'failed', problem: detailOf(error) });
    });
    if (!part || signal.aborted) return;
    this.#tail = new part.LiveTail({
      rows: (rows) => this.#came(rows, part.mostLive),
      changed: (state) => {
        if (state.connection === 'live' && this.records.length === 0) this.#listener.said({ kind: 'waiting', q });
        if (state.connection === 'failed') this.#listener.said({ kind: 'failed', problem: state.problem });
        this.#listener.tailChanged(state);
      },
    });
    this.#tail.start(q);
  }

  /** @param {LogRow[]} rows the newest first @param {number} most how many are kept */
  #came(rows, most) {
    const isFirst = this.records.length === 0;
    this.#pages.prepend(rows, most);
    if (isFirst) this.#pages.continueAfter(rows[rows.length - 1]);
    this.#listener.said(this.#end());
    this.#listener.prepended(rows.length);
  }

  /**
   * Whether a record of a time may be among those that are not read yet.
   * @param {string} timestamp
   */
  #isAhead(timestamp) {
    const { records, hasMore } = this.#pages;
    if (!hasMore || records.length >= mostLookedThrough) return false;
    const [wanted, last] = [parseInstant(timestamp), parseInstant(records[records.length - 1]?.timestamp ?? '')];
    if (!wanted || !last) return true;
    return this.#question.sort === 'earliest' ? wanted.milliseconds >= last.milliseconds : wanted.milliseconds <= last.milliseconds;
  }
}
