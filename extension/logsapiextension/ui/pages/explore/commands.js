/**
 * Commands that ask for what the page shows, to be copied into a terminal. The key is never
 * in them: it is read from a variable of the shell.
 */

/**
 * Quotes a text for a POSIX shell.
 * @param {string} text
 * @returns {string}
 */
export function shellQuoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const authorization = '-H "Authorization: Bearer $DOCKET_KEY"';

/**
 * A command that reads one record.
 * @param {string} origin where the API is, with a slash at the end
 * @param {string} projectPath such as `api/projects/1/logs/`
 * @param {string} id
 * @param {string} timestamp where to look first
 * @returns {string}
 */
export function recordCommand(origin, projectPath, id, timestamp) {
  const address = new URL(projectPath + encodeURIComponent(id), origin);
  address.searchParams.set('timestamp', timestamp);
  return `curl -sS ${authorization} ${shellQuoted(address.href)}`;
}

/**
 * A command that asks a query.
 * @param {string} origin where the API is, with a slash at the end
 * @param {string} projectPath such as `api/projects/1/logs/`
 * @param {object} query
 * @returns {string}
 */
export function queryCommand(origin, projectPath, query) {
  const address = new URL(`${projectPath}query`, origin);
  const body = JSON.stringify({ query });
  return `curl -sS ${authorization} -H 'Content-Type: application/json' \\\n  ${shellQuoted(address.href)} \\\n  -d ${shellQuoted(body)}`;
}
