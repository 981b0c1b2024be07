/** Colours a search text behind the box in which it is typed. */

import { h, replaceChildren } from '../../dom.js';
import { scan } from '../../query/scanner.js';

/** Fields whose values are levels, which have colours of their own. */
const levelFields = new Set(['level', 'any.level']);

/**
 * Shows a text, coloured by what its parts are.
 * @param {HTMLElement} element
 * @param {string} text
 * @param {number | null} wrongAt where it is wrong, in UTF-16 units; null if that is not known
 */
export function highlight(element, text, wrongAt) {
  let field = '';
  const parts = scan(text).map((token) => {
    if (token.kind === 'field') field = token.text;
    if (token.kind === 'space') return text.slice(token.start, token.end);
    const isLevel = token.kind === 'value' && levelFields.has(field);
    const isWrong = wrongAt !== null && wrongAt >= token.start && wrongAt < token.end;
    return h('span', {
      class: `token-${token.kind}${token.isQuoted ? ' token-quoted' : ''}${token.isOpen ? ' token-open' : ''}${isWrong ? ' token-wrong' : ''}`,
      'data-level': isLevel ? token.text.toLowerCase() : null,
    }, text.slice(token.start, token.end));
  });
  // A line end at the end has a line only if something is in it.
  const end = wrongAt !== null && wrongAt >= text.length ? h('span', { class: 'token-wrong' }, '\u00a0') : '\u200b';
  replaceChildren(element, parts, end);
}
