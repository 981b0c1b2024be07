/**
 * Reads server-sent events from an answer of fetch. EventSource cannot be used: it sends no
 * Authorization header.
 */

/**
 * @typedef {object} StreamedEvent
 * @property {string} type `message` if the event has no name
 * @property {string} data
 * @property {string} id of this event or the last one before it that has one
 */

/**
 * Cuts texts, however they were cut on their way, into events.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class EventParser {
  #rest = '';
  #type = '';
  #id = '';
  /** @type {string[]} */
  #data = [];
  /** How long to wait before the next connection, in milliseconds; 0 if the stream does not say. */
  retry = 0;

  /**
   * @param {string} text what came next
   * @returns {StreamedEvent[]} the events that it completes
   */
  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    /** @type {StreamedEvent[]} */
    const events = [];
    for (const line of lines) {
      if (line !== '') {
        this.#field(line);
        continue;
      }
      if (this.#data.length > 0) {
        events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
      }
      this.#type = '';
      this.#data = [];
    }
    return events;
  }

  /** @param {string} line */
  #field(line) {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (name === 'event') this.#type = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id') this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }
}

/**
 * The events of an answer, as they come.
 * @param {ReadableStream<Uint8Array>} body
 * @param {EventParser} parser
 * @returns {AsyncGenerator<StreamedEvent[]>}
 */
export async function* readEvents(body, parser) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = parser.push(decoder.decode(value, { stream: true }));
      if (events.length > 0) yield events;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it is over in any case
  }
}
