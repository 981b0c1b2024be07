/** What a time says when one points at it. */

import { describeTime } from '../format/time.js';

/**
 * Gives every `<time>` in an element, when it is pointed at, a title with its nanoseconds, on
 * both clocks, and how long ago it was. Doing it then keeps "3 minutes ago" true and rows cheap.
 * @param {HTMLElement} element
 */
export function describeTimesIn(element) {
  element.addEventListener('pointerover', ({ target }) => {
    const time = target instanceof Element ? target.closest('time') : null;
    if (time?.dateTime) time.title = describeTime(time.dateTime);
  });
}
