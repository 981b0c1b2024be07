/**
 * The dialog that takes out all that a search finds, not only what the page has read.
 *
 * @typedef {import('../../api/types.js').LogQuery} LogQuery
 * @typedef {import('../../api/types.js').LogRow} LogRow
 * @typedef {import('../../format/record-count.js').ExportFormat} ExportFormat
 */

import { isAborted } from '../../api/client.js';
import { exportLogs } from '../../api/export.js';
import { countLogs, queryLogs } from '../../api/logs.js';
import { h, replaceChildren } from '../../dom.js';
import { openDialog } from '../../elements/dialog.js';
import { detailOf } from '../../elements/empty-state.js';
import { icon } from '../../elements/icons.js';
import { formatBytes, formatCount } from '../../format/number.js';
import { session } from '../../state/session.js';
import { columnsOf, exportedName } from './columns.js';
import { queryCommand } from './commands.js';
import { copyText } from './copy.js';
import { download, pickFile } from './export-file.js';

/** Beyond so many records, the file is written to the disk as it comes, where a browser can. */
const manyRecords = 250_000;

/** @type {{format: ExportFormat, label: string, hint: string}[]} */
const formats = [
  { format: 'csv', label: 'CSV', hint: 'for spreadsheets' },
  { format: 'ndjson', label: 'NDJSON', hint: 'a JSON object a line, for scripts' },
  { format: 'json', label: 'JSON', hint: 'one list' },
];

/**
 * @param {object} options
 * @param {LogQuery} options.query what the page shows
 * @param {string[]} options.columns those of the table; none stands for the default ones
 * @param {readonly LogRow[]} [options.records] some of the result
 */
export function openExport(options) {
  const panel = new ExportPanel(options);
  openDialog({ title: 'Export', body: panel.element, onclose: () => panel.stop() });
}

class ExportPanel {
  #options;
  #running = new AbortController();
  /** How many records there are; null as long as nobody knows. @type {number | null} */
  #total = null;
  #rangeIsFixed = false;
  #estimate = h('p', { role: 'status' }, 'Counting the records…');
  #progress = h('div', { class: 'export-progress', hidden: true });
  #start = h('button', { type: 'submit', class: 'button primary' }, icon('download'), 'Export');
  #form;

  /** @param {Parameters<typeof openExport>[0]} options */
  constructor(options) {
    this.#options = options;
    this.#form = h('form', {
      class: 'export-form',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.#run();
      },
    },
    this.#estimate,
    h('fieldset', { class: 'field' }, h('legend', { class: 'label' }, 'Format'), formats.map(({ format, label, hint }, index) => h('label', { class: 'check' },
      h('input', { type: 'radio', name: 'format', value: format, checked: index === 0 }), h('span', null, label, ' ', h('span', { class: 'quiet-text' }, hint))))),
    h('fieldset', { class: 'field' }, h('legend', { class: 'label' }, 'Of each record'),
      h('label', { class: 'check' }, h('input', { type: 'radio', name: 'extent', value: 'all', checked: true }), 'everything'),
      h('label', { class: 'check' }, h('input', { type: 'radio', name: 'extent', value: 'columns' }), h('span', null, 'the columns shown ', h('span', { class: 'quiet-text' }, columnsOf(options.columns).map(({ label }) => label).join(', '))))),
    h('div', { class: 'toolbar' }, this.#start, h('button', {
      type: 'button', class: 'button quiet', onclick: () => copyText(queryCommand(session.client.address(''), session.projectPath, options.query), 'a command that asks for these records. Put your key into $DOCKET_KEY'),
    }, icon('copy'), 'Copy as curl')));
    this.element = h('div', null, this.#form, this.#progress);
    this.#count();
  }

  /** Ends what is under way: a closed dialog exports nothing. */
  stop() {
    this.#running.abort();
  }

  async #count() {
    const { signal } = this.#running;
    try {
      await this.#fixRange(signal);
      const { count } = await countLogs(this.#options.query, { signal });
      this.#total = count;
      this.#estimate.textContent = count === 1 ? '1 record, all that the search finds.' : `${formatCount(count)} records, all that the search finds.`;
      this.#start.disabled = count === 0;
    } catch (error) {
      if (!isAborted(error)) this.#estimate.textContent = `How many records there are is not known. ${detailOf(error)}`;
    }
  }

  /**
   * Asks what the range is now, so that what is counted is what is exported.
   * @param {AbortSignal} signal
   */
  async #fixRange(signal) {
    if (this.#rangeIsFixed) return;
    const { query } = await queryLogs({ ...this.#options.query, limit: 1, excludeAttributes: true }, { signal });
    this.#options = { ...this.#options, query: { ...this.#options.query, dateRange: query.dateRange } };
    this.#rangeIsFixed = true;
  }

  async #run() {
    const chosen = new FormData(this.#form);
    const format = formats.find((one) => one.format === chosen.get('format'))?.format ?? 'csv';
    const example = this.#options.records?.[0] ?? null;
    const columns = chosen.get('extent') === 'columns' ? columnsOf(this.#options.columns).map(({ name }) => exportedName(name, example)) : [];
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const began = performance.now();
    const shown = this.#showProgress();
    /** @type {import('./export-file.js').ExportFile | null} */
    let file = null;
    try {
      file = await pickFile((this.#total ?? 0) > manyRecords, format);
      const { records, bytes, filename } = await exportLogs({ query: this.#options.query, format, columns }, file, {
        signal,
        onprogress: (progress) => shown.update(progress.records, progress.bytes, this.#total, (performance.now() - began) / 1000),
      });
      await file.end(filename, download);
      shown.done(`Exported ${formatCount(records)} records (${formatBytes(bytes)}) to ${filename}.`);
    } catch (error) {
      await file?.discard();
      if (isAborted(error)) shown.done('The export was cancelled. Nothing was saved.');
      else shown.failed(`The export broke off, and nothing was saved. ${detailOf(error)}`);
    }
  }

  /** Replaces the form by how far the export is. */
  #showProgress() {
    const bar = h('progress', { 'aria-label': 'Exported records', max: Math.max(this.#total ?? 0, 1) });
    const text = h('p', null, 'Waiting for the first records…');
    const cancel = h('button', { type: 'button', class: 'button', onclick: () => this.#running.abort() }, 'Cancel');
    const again = () => h('button', {
      type: 'button', class: 'button', onclick: () => {
        this.#progress.hidden = true;
        this.#form.hidden = false;
        this.#start.focus();
      },
    }, 'Export something else');
    this.#form.hidden = true;
    this.#progress.hidden = false;
    replaceChildren(this.#progress, bar, text, h('div', { class: 'toolbar' }, cancel));
    cancel.focus();
    /** @param {string} said @param {boolean} isWrong */
    const end = (said, isWrong) => {
      const button = again();
      replaceChildren(this.#progress, h('p', { role: isWrong ? 'alert' : 'status', class: isWrong ? 'error-text' : null }, said), h('div', { class: 'toolbar' }, button));
      button.focus();
    };
    return {
      /** @param {number} records @param {number} bytes @param {number | null} total @param {number} seconds */
      update(records, bytes, total, seconds) {
        if (total) bar.value = Math.min(records, total);
        const of = total ? ` of ${formatCount(Math.max(total, records))}` : '';
        text.textContent = `${formatCount(records)}${of} records, ${formatBytes(bytes)}, ${formatCount(records / Math.max(seconds, 0.1))} a second`;
      },
      /** @param {string} said */
      done: (said) => end(said, false),
      /** @param {string} said */
      failed: (said) => end(said, true),
    };
  }
}
