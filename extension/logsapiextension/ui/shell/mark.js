/**
 * Docket's mark.
 * @module
 */

import { svg } from '../dom.js';

/**
 * @param {number} size in pixels
 * @returns {SVGSVGElement}
 */
export function mark(size) {
  const line = { fill: 'none', 'stroke-width': 2.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
  return svg('svg', { viewBox: '0 0 32 32', width: size, height: size, 'aria-hidden': 'true', class: 'mark' },
    svg('rect', { width: 32, height: 32, rx: 7, class: 'mark-ground' }),
    svg('path', { ...line, d: 'M9 8.5h14M9 13.5h14M9 18.5h8', class: 'mark-lines' }),
    svg('path', { ...line, d: 'M17.5 22.5l2.5 2.5 5-5.5', class: 'mark-check' }));
}
