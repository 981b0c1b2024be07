/** Copying to the clipboard. */

import { h } from '../../dom.js';
import { toast } from '../../elements/toast.js';

/**
 * Copies a text and says so.
 * @param {string} text
 * @param {string} what it is, as in "Copied the record as JSON"
 */
export async function copyText(text, what) {
  const isCopied = (await writeToClipboard(text)) || copyBySelection(text);
  if (isCopied) toast(`Copied ${what}`);
  else toast('The browser does not let this page copy. Select the text and copy it by hand.', { kind: 'error' });
}

/** @param {string} text */
async function writeToClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard on pages without TLS, and it can be forbidden.
    return false;
  }
}

/**
 * What pages did before there was a clipboard to write to.
 * @param {string} text
 */
function copyBySelection(text) {
  const focused = document.activeElement;
  const area = h('textarea', { class: 'visually-hidden', 'aria-hidden': 'true', tabindex: -1, value: text });
  (focused?.closest('dialog') ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return isCopied;
}
