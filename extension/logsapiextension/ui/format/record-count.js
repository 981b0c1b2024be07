/**
 * Counts the records of an export as it comes, without keeping it.
 *
 * @typedef {'csv' | 'ndjson' | 'json'} ExportFormat
 */

const newline = 0x0a;
const quote = 0x22;

/** Counts records in the bytes of a file of one of the formats of an export. */
export class RecordCounter {
  #isQuoted = false;
  #lines = 0;
  #format;

  /** @param {ExportFormat} format */
  constructor(format) {
    this.#format = format;
  }

  /** @param {Uint8Array} bytes what came next */
  push(bytes) {
    // Neither byte is part of another character in UTF-8. In CSV, a line end in quotes is
    // part of a value; a quote inside is doubled, so it changes nothing. JSON has no line
    // ends in values.
    const hasQuotes = this.#format === 'csv';
    for (let index = 0; index < bytes.length; index += 1) {
      if (bytes[index] === newline) {
        if (!this.#isQuoted) this.#lines += 1;
      } else if (hasQuotes && bytes[index] === quote) {
        this.#isQuoted = !this.#isQuoted;
      }
    }
  }

  /** How many records have come; in CSV the first line is the names of the columns. */
  get records() {
    return this.#format === 'csv' ? Math.max(0, this.#lines - 1) : this.#lines;
  }
}
