/**
 * The light and the dark theme.
 * @module
 */

import { settings } from '../state/settings.js';

/** The themes by the words for them. */
export const themes = /** @type {const} */ ({ system: 'As the system', light: 'Light', dark: 'Dark' });

/** Shows the page in the chosen theme, from now on. */
export function applyTheme() {
  const apply = () => {
    const theme = settings.get('theme');
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  settings.subscribe('theme', apply);
  apply();
}
