/**
 * Talking to Docket's API. Addresses are relative to the page, so that a proxy may serve
 * Docket under any path.
 * @module
 */

/**
 * What is wrong with a request, in words for the person who made it.
 */
export class ApiError extends Error {
  /**
   * @param {object} problem
   * @param {number} problem.status the HTTP status; 0 when there was no answer
   * @param {string} problem.detail what to show: what is wrong and what to do
   * @param {string} [problem.code] the API's word for it, such as `not_authenticated`
   * @param {string | null} [problem.attr] the field of the request that is wrong
   * @param {number | null} [problem.column] where a search text is wrong, in characters from 1
   * @param {number | null} [problem.retryAfter] when to try again, in seconds
   */
  constructor({ status, detail, code = 'error', attr = null, column = null, retryAfter = null }) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.detail = detail;
    this.code = code;
    this.attr = attr;
    this.column = column;
    this.retryAfter = retryAfter;
  }
}

/**
 * @typedef {Record<string, string | number | boolean | null | undefined | string[]> | URLSearchParams} Query
 * @typedef {{query?: Query, signal?: AbortSignal}} RequestOptions
 */

/**
 * Reports whether an error only says that a request was given up by the page itself.
 * @param {unknown} error
 */
export function isAborted(error) {
  return error instanceof DOMException && error.name === 'AbortError';
}

/**
 * Sends requests with a key. Every method rejects with an ApiError, or with the AbortError
 * of its signal. A key that is refused (401) is told to the window as `docket-signed-out`.
 */
export class Client {
  /**
   * @param {object} options
   * @param {string} options.key
   * @param {string} [options.base] what paths are relative to, itself relative to the page
   */
  constructor({ key, base = '../' }) {
    this.key = key;
    this.base = base;
  }

  /**
   * @param {string} path such as `api/projects/1/logs/attributes`
   * @param {RequestOptions} [options]
   * @returns {Promise<any>} the decoded answer
   */
  get(path, options) {
    return this.#json('GET', path, undefined, options);
  }

  /**
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  post(path, body, options) {
    return this.#json('POST', path, body, options);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  put(path, body, options) {
    return this.#json('PUT', path, body, options);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  patch(path, body, options) {
    return this.#json('PATCH', path, body, options);
  }

  /**
   * @param {string} path
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  delete(path, options) {
    return this.#json('DELETE', path, undefined, options);
  }

  /**
   * Sends a request whose answer the caller reads itself, such as a stream. It resolves
   * only with an answer of success.
   * @param {string} path
   * @param {RequestInit & {query?: Query}} [init]
   * @returns {Promise<Response>}
   */
  async raw(path, { query, ...init } = {}) {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${this.key}`);
    let response;
    try {
      response = await fetch(this.address(path, query), { ...init, headers, cache: 'no-store', credentials: 'omit' });
    } catch (error) {
      throw isAborted(error) ? error : unreachable();
    }
    if (response.ok) return response;
    if (response.status === 401) window.dispatchEvent(new CustomEvent('docket-signed-out', { detail: this }));
    throw await errorOf(response);
  }

  /**
   * The whole address of a path, as a curl command needs it.
   * @param {string} path
   * @param {Query} [query]
   * @returns {string}
   */
  address(path, query) {
    const url = new URL(this.base + path, document.baseURI);
    url.hash = '';
    const parameters = query instanceof URLSearchParams ? query : parametersOf(query ?? {});
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    return url.href;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {RequestOptions} [options]
   */
  async #json(method, path, body, { query, signal } = {}) {
    const hasBody = body !== undefined;
    const response = await this.raw(path, {
      method,
      query,
      signal,
      headers: hasBody ? { 'Content-Type': 'application/json' } : {},
      body: hasBody ? JSON.stringify(body) : undefined,
    });
    if (response.status === 204) return null;
    try {
      return await response.json();
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new ApiError({ status: response.status, code: 'unreadable', detail: 'The answer broke off or is no JSON. Is there a proxy in front that changes answers?' });
    }
  }
}

/**
 * @param {Record<string, string | number | boolean | null | undefined | string[]>} query
 * @returns {URLSearchParams}
 */
function parametersOf(query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  return parameters;
}

function unreachable() {
  return new ApiError({
    status: 0,
    code: 'network',
    detail: `Docket does not answer at ${location.host}. Check that it runs and that you are connected, then try again.`,
  });
}

/**
 * Reads an error in any of the shapes that the API has.
 * @param {Response} response
 * @returns {Promise<ApiError>}
 */
async function errorOf(response) {
  const wait = Number(response.headers.get('Retry-After') ?? NaN);
  let body;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  const detail = body?.detail ?? body?.error ?? body?.message;
  return new ApiError({
    status: response.status,
    code: body?.code ?? 'error',
    detail: typeof detail === 'string' && detail !== '' ? detail : `Docket answered with status ${response.status}.`,
    attr: body?.attr ?? null,
    column: typeof body?.column === 'number' ? body.column : null,
    retryAfter: Number.isFinite(wait) ? wait : null,
  });
}
