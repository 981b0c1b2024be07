/**
 * The place below a row where its record is shown. The scripts that show records are many,
 * and are loaded here.
 *
 * @typedef {import('./record-detail.js').DetailOptions} DetailOptions
 * @typedef {import('./record-detail.js').RecordDetailElement} RecordDetailElement
 */

import { h } from '../../dom.js';
import { laterElement } from '../../elements/later.js';

/** Loads what shows records. */
export const loadRecordDetail = () => import('./record-detail.js');

export class RecordPlace {
  #options;
  /** @type {RecordDetailElement | null} */
  #detail = null;

  /** @param {DetailOptions} options */
  constructor(options) {
    this.#options = options;
    this.element = laterElement(loadRecordDetail, () => this.#make());
  }

  /** @param {DetailOptions} options */
  show(options) {
    this.#options = options;
    this.#detail?.show(options);
  }

  #make() {
    this.#detail = /** @type {RecordDetailElement} */ (h('docket-record-detail'));
    this.#detail.show(this.#options);
    return this.#detail;
  }
}
