/** What an embedded table asks of Docket: GET /api/embed/events, with a token of the app. */

import { eventOfAnswer } from '../audit/event.js';

/**
 * @typedef {Record<'actor' | 'action' | 'date_from' | 'date_to', string>} EventFilter
 */

export class EventsError extends Error {}

export class EventsClient {
  #server;
  #tokens;

  /**
   * @param {string} server the address of Docket, ending in a slash
   * @param {{get: () => Promise<string>, forget: () => void}} tokens
   */
  constructor(server, tokens) {
    this.#server = server;
    this.#tokens = tokens;
  }

  /**
   * A page of events, the newest first.
   * @param {EventFilter} filter
   * @param {{after: string | null, limit: number, signal: AbortSignal}} page
   * @returns {Promise<{events: import('../audit/event.js').AuditEvent[], next: string | null}>}
   */
  async page(filter, { after, limit, signal }) {
    const response = await this.#get({ ...filter, limit: String(limit), ...(after === null ? {} : { after }) }, signal);
    const answer = await response.json();
    return { events: answer.results.map(eventOfAnswer), next: answer.next_cursor };
  }

  /**
   * All events as CSV.
   * @param {EventFilter} filter
   * @param {AbortSignal} signal
   * @returns {Promise<Blob>}
   */
  async csv(filter, signal) {
    const response = await this.#get({ ...filter, format: 'csv' }, signal);
    return response.blob();
  }

  /**
   * @param {Record<string, string>} parameters
   * @param {AbortSignal} signal
   * @param {boolean} [isSecondTry]
   * @returns {Promise<Response>}
   */
  async #get(parameters, signal, isSecondTry = false) {
    const url = new URL('api/embed/events', this.#server);
    for (const [name, value] of Object.entries(parameters)) if (value !== '') url.searchParams.set(name, value);
    const token = await this.#tokens.get();
    let response;
    try {
      response = await fetch(url, { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit', cache: 'no-store', signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new EventsError('The audit log does not answer. Check your connection and try again.');
    }
    if (response.ok) return response;
    if (response.status === 401 && !isSecondTry) {
      this.#tokens.forget();
      return this.#get(parameters, signal, true);
    }
    const problem = await response.json().catch(() => null);
    throw new EventsError(typeof problem?.detail === 'string' ? problem.detail : `The audit log answered with status ${response.status}.`);
  }
}
