/** Long texts, of which the beginning is shown until one asks for more. */

import { h, replaceChildren } from '../../dom.js';
import { formatCount } from '../../format/number.js';

/**
 * What is shown of a text at first.
 * @typedef {{characters: number, lines: number}} Fold
 */

/** That of a value among others. */
const usualFold = Object.freeze({ characters: 600, lines: 8 });
/** How much more is shown at once: more would stop the page for a moment. */
const step = 100_000;

/**
 * @param {string} text
 * @param {Fold} [fold]
 * @returns {number} where the beginning ends that is shown at first
 */
export function foldedLength(text, { characters, lines } = usualFold) {
  let end = -1;
  for (let line = 0; line < lines; line += 1) {
    end = text.indexOf('\n', end + 1);
    if (end < 0) break;
  }
  return wholeCharacters(text, Math.min(end < 0 ? text.length : end, characters, text.length));
}

/**
 * @param {string} text
 * @param {string} [name] of what it is the text, for those who cannot see where the button is
 * @param {Fold} [fold]
 * @returns {HTMLElement}
 */
export function foldedText(text, name = 'value', fold = usualFold) {
  const folded = foldedLength(text, fold);
  const element = h('span', { class: 'folded-text' });
  if (folded === text.length) {
    replaceChildren(element, text);
    return element;
  }
  /** @param {number} shown */
  const show = (shown) => {
    const next = shown < text.length ? wholeCharacters(text, Math.min(text.length, shown + step)) : folded;
    const what = next === folded ? 'Show less' : next === text.length ? `Show all ${formatCount(text.length)} characters` : `Show ${formatCount(next - shown)} more of ${formatCount(text.length)} characters`;
    const button = h('button', { type: 'button', class: 'link-button', 'aria-label': `${what} of ${name}`, 'aria-expanded': shown > folded, onclick: () => show(next) }, what);
    const hadFocus = element.contains(document.activeElement);
    replaceChildren(element, text.slice(0, shown), shown < text.length && '…', ' ', button);
    if (hadFocus) button.focus();
  };
  show(folded);
  return element;
}

/**
 * @param {string} text
 * @param {number} end
 * @returns {number} the same, or one less if it is within a character of two units
 */
function wholeCharacters(text, end) {
  const isWithin = end > 0 && end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1]);
  return isWithin ? end - 1 : end;
}
