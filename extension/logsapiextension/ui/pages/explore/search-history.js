/**
 * The searches that somebody has made in this browser, the newest first, by project.
 */

const prefix = 'docket-searches-';
const most = 20;

/**
 * @param {number} project
 * @returns {string[]}
 */
export function recentSearches(project) {
  try {
    const stored = JSON.parse(localStorage.getItem(prefix + project) ?? '[]');
    return Array.isArray(stored) ? stored.filter((search) => typeof search === 'string') : [];
  } catch {
    return [];
  }
}

/**
 * @param {number} project
 * @param {string} search
 */
export function rememberSearch(project, search) {
  const trimmed = search.trim();
  if (trimmed === '') return;
  const others = recentSearches(project).filter((other) => other !== trimmed);
  store(project, [trimmed, ...others].slice(0, most));
}

/** @param {number} project */
export function forgetSearches(project) {
  store(project, []);
}

/**
 * @param {number} project
 * @param {string[]} searches
 */
function store(project, searches) {
  try {
    if (searches.length === 0) localStorage.removeItem(prefix + project);
    else localStorage.setItem(prefix + project, JSON.stringify(searches));
  } catch {
    // Without storage there is no history.
  }
}
