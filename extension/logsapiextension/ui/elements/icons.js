/**
 * The icons, as lines on a field of 16 by 16.
 * @module
 */

import { svg } from '../dom.js';

const paths = {
  'arrow-right': 'M3 8h10M9 4l4 4-4 4',
  bell: 'M8 2a4 4 0 0 0-4 4c0 4-1.5 5-1.5 5h11S12 10 12 6a4 4 0 0 0-4-4ZM6.5 13.5a1.7 1.7 0 0 0 3 0',
  'bell-off': 'M5 3.4A4 4 0 0 1 12 6c0 2 .4 3.3.8 4M4 6c0 4-1.5 5-1.5 5H11M6.5 13.5a1.7 1.7 0 0 0 3 0M2 2l12 12',
  bookmark: 'M4 2.5h8v11L8 10.5l-4 3Z',
  calendar: 'M2.5 3.5h11v10h-11ZM2.5 6.5h11M5.5 2v3M10.5 2v3',
  chart: 'M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-left': 'M10 4L6 8l4 4',
  'chevron-right': 'M6 4l4 4-4 4',
  'chevron-up': 'M4 10l4-4 4 4',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.5V8l2.5 1.5',
  close: 'M4 4l8 8M12 4l-8 8',
  collapse: 'M8 2v4M5.5 4L8 6.5 10.5 4M8 14v-4M5.5 12L8 9.5l2.5 2.5M2.5 8h11',
  columns: 'M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10',
  context: 'M2.5 3.5h11M2.5 12.5h11M2.5 8h11M5 5.7h6M5 10.3h6',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  diff: 'M8 2.5v6M5 5.5h6M5 12.5h6',
  download: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10',
  drag: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  edit: 'M3 13l.7-3L11 2.7 13.3 5 6 12.3ZM9.5 4.2l2.3 2.3',
  error: 'M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5ZM8 5v3.5M8 11h.01',
  expand: 'M8 6V2M5.5 4L8 1.5 10.5 4M8 10v4M5.5 12L8 14.5l2.5-2.5M2.5 8h11',
  external: 'M9 2.5h4.5V7M13.5 2.5L7.5 8.5M11.5 9.5v4h-9v-9h4',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  'eye-off': 'M6.2 3.8A6 6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a12 12 0 0 1-2 2.5M4 4.8A11 11 0 0 0 1.5 8S4 12.5 8 12.5a6 6 0 0 0 3.5-1.2M2 2l12 12M6.6 6.6a2 2 0 0 0 2.8 2.8',
  filter: 'M2 3.5h12L9.5 8.5v4l-3 1.5V8.5Z',
  hash: 'M6 2.5L5 13.5M11 2.5l-1 11M2.5 6h11M2 10.5h11',
  help: 'M6 6a2 2 0 1 1 2.8 1.9c-.5.3-.8.7-.8 1.3M8 11.5h.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z',
  info: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.5V11M8 5h.01',
  key: 'M10.5 2.5a3 3 0 1 1-2.3 4.9L3 12.5v1.5h2v-1.5h1.5V11L8.7 8.8M11 5h.01',
  keyboard: 'M1.5 4h13v8.5h-13ZM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M4 8.5h.01M12 8.5h.01M6 10.5h4',
  link: 'M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 0 1 3 8.5L4.5 7',
  list: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  minus: 'M3.5 8h9',
  'zoom-in': 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2M5 7h4M7 5v4',
  'zoom-out': 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2M5 7h4',
  monitor: 'M2 3h12v8H2ZM8 11v2.5M5.5 13.5h5',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  pin: 'M6 2.5h4M6.5 2.5v4L4.5 9h7L9.5 6.5v-4M8 9v5',
  play: 'M5 3l8 5-8 5Z',
  plus: 'M8 3.5v9M3.5 8h9',
  project: 'M2 4h4.5L8 5.5h6V13H2Z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2',
  send: 'M14 2L7 9M14 2L9.5 14 7 9 2 6.5Z',
  settings: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3',
  share: 'M8 10V2.5M5.5 5L8 2.5 10.5 5M4 7.5H3v6h10v-6h-1',
  shield: 'M8 2l5 1.8V8c0 3-2 5-5 6-3-1-5-3-5-6V3.8ZM5.8 8l1.6 1.6L10.5 6.5',
  'sign-out': 'M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3',
  'sort-ascending': 'M4.5 13V3M2.5 5l2-2 2 2M8.5 4h2M8.5 8h3.5M8.5 12h5',
  'sort-descending': 'M4.5 3v10M2.5 11l2 2 2-2M8.5 4h5M8.5 8h3.5M8.5 12h2',
  sparkle: 'M8 2l1.4 4.6L14 8l-4.6 1.4L8 14 6.6 9.4 2 8l4.6-1.4Z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  table: 'M2.5 3h11v10h-11ZM2.5 6.5h11M2.5 10h11M6.5 6.5V13',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M6.8 7v4M9.2 7v4',
  user: 'M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM3 13.5c.4-2.7 2.4-4 5-4s4.6 1.3 5 4',
  warning: 'M8 2.5l6 11H2ZM8 6.5V9.5M8 11.5h.01',
  wrap: 'M2.5 4h11M2.5 8h9a2 2 0 0 1 0 4H8M9.5 10.5L8 12l1.5 1.5M2.5 12h2.5',
};

/** @typedef {keyof typeof paths} IconName */

/**
 * Makes an icon. It is decoration: what it stands for is said in words beside it or in the
 * label of its button.
 * @param {IconName} name
 * @param {{size?: number, class?: string}} [options]
 * @returns {SVGSVGElement}
 */
export function icon(name, { size = 16, class: className } = {}) {
  return svg(
    'svg',
    {
      viewBox: '0 0 16 16', width: size, height: size, fill: 'none', stroke: 'currentColor',
      'stroke-width': 1.4, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
      'aria-hidden': 'true', focusable: 'false', class: className,
    },
    svg('path', { d: paths[name] }),
  );
}
