/**
 * Follows records as they come, for the table: collects what comes between two frames, waits
 * while one reads, and connects again when the connection is lost.
 *
 * @typedef {import('../../api/types.js').LogRow} LogRow
 */

import { ApiError, isAborted } from '../../api/client.js';
import { followLogs } from '../../api/tail.js';
import { detailOf } from '../../elements/empty-state.js';
import { RateMeter } from '../../format/rate.js';

/** How many records are kept, in the table and while one reads; older ones can be searched. */
export const mostLive = 10_000;

/** How often the table gets what has come, in milliseconds. */
const rhythm = 250;
/** How many of the newest records come first; more after an interruption, to leave no gap. */
const firstBacklog = 200;
const laterBacklog = 1000;
/** How long to wait before the next try, in milliseconds, at first and at most. */
const firstWait = 1000;
const longestWait = 30_000;

/**
 * @typedef {object} TailState
 * @property {'connecting' | 'live' | 'lost' | 'failed'} connection `lost` is tried again
 * @property {string} problem why it was lost or has failed
 * @property {boolean} isPaused
 * @property {number} waiting how many wait to be shown
 * @property {number} perSecond how many come in a second
 * @property {number} dropped how many came faster than they could be sent or kept
 */

export class LiveTail {
  #listener;
  #running = new AbortController();
  #timer = 0;
  #meter = new RateMeter(0);
  /** What is not in the table yet, in the order in which it came. @type {LogRow[]} */
  #waiting = [];
  /** The ids of the last records, as some come again after an interruption. @type {Set<string>} */
  #seen = new Set();
  /** @type {TailState} */
  #state = { connection: 'connecting', problem: '', isPaused: false, waiting: 0, perSecond: 0, dropped: 0 };

  /**
   * @param {{rows: (rows: LogRow[]) => void, changed: (state: TailState) => void}} listener
   *   rows gets what came, the newest first
   */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {string} q what to follow */
  start(q) {
    this.#meter = new RateMeter(performance.now());
    this.#timer = setInterval(() => this.#beat(), rhythm);
    this.#follow(q);
  }

  /** Ends it for good. */
  stop() {
    this.#running.abort();
    clearInterval(this.#timer);
  }

  /** @param {boolean} isPaused whether what comes has to wait */
  pause(isPaused) {
    if (this.#state.isPaused === isPaused) return;
    this.#state.isPaused = isPaused;
    this.#beat();
  }

  /** @param {string} q */
  async #follow(q) {
    const { signal } = this.#running;
    let wait = firstWait;
    for (let backlog = firstBacklog; !signal.aborted; backlog = laterBacklog) {
      let problem = 'The connection was lost.';
      let after = 0;
      try {
        const reason = await followLogs({ q, backlog }, {
          opened: () => {
            wait = firstWait;
            this.#set('live', '');
          },
          came: (rows) => this.#came(rows),
          dropped: (count) => (this.#state.dropped += count),
        }, signal);
        problem = reason || problem;
      } catch (error) {
        if (isAborted(error)) return;
        problem = detailOf(error);
        if (!canBeTriedAgain(error)) return this.#set('failed', problem);
        after = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
      }
      this.#set('lost', problem);
      await pass(Math.max(wait, after), signal);
      wait = Math.min(2 * wait, longestWait);
    }
  }

  /** @param {LogRow[]} rows */
  #came(rows) {
    for (const row of rows) {
      if (this.#seen.has(row.uuid)) continue;
      this.#seen.add(row.uuid);
      this.#waiting.push(row);
      this.#meter.add(1, performance.now());
    }
    // Only those that a backlog can repeat are of interest.
    const forgotten = this.#seen.size - 2 * laterBacklog;
    if (forgotten > laterBacklog) this.#seen = new Set([...this.#seen].slice(forgotten));
    const excess = this.#waiting.length - mostLive;
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#state.dropped += excess;
    }
  }

  /** @param {TailState['connection']} connection @param {string} problem */
  #set(connection, problem) {
    Object.assign(this.#state, { connection, problem });
    this.#tell();
  }

  #beat() {
    if (!this.#state.isPaused && this.#waiting.length > 0) {
      const rows = this.#waiting.reverse();
      this.#waiting = [];
      this.#listener.rows(rows);
    }
    this.#tell();
  }

  #tell() {
    this.#state.waiting = this.#waiting.length;
    this.#state.perSecond = this.#meter.perSecond(performance.now());
    this.#listener.changed({ ...this.#state });
  }
}

/** @param {unknown} error */
function canBeTriedAgain(error) {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 502);
}

/**
 * @param {number} time milliseconds
 * @param {AbortSignal} signal ends it early
 * @returns {Promise<void>}
 */
function pass(time, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
