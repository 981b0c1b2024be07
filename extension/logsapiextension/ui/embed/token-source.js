/**
 * Tokens for an embedded table. The app's backend makes them; each lives for a short while,
 * and is kept in memory only.
 */

/** A token is replaced when it has less than this to live, in milliseconds. */
const margin = 30_000;

export class TokenError extends Error {}

export class TokenSource {
  /** @type {Promise<{token: string, expires: number}> | null} */
  #pending = null;
  #address;

  /** @param {string} address of the app's backend, which answers {token, expires_at} */
  constructor(address) {
    this.#address = address;
  }

  /**
   * A token that is not about to end.
   * @param {number} [now] milliseconds since 1970
   * @returns {Promise<string>}
   * @throws {TokenError} saying what the app's backend did
   */
  async get(now = Date.now()) {
    let held = this.#pending;
    if (held === null || (await held).expires - now < margin) {
      held = this.#fetch();
      this.#pending = held;
      // What failed is tried again the next time.
      held.catch(() => this.forget());
    }
    return (await held).token;
  }

  /** Does not use the present token any more. */
  forget() {
    this.#pending = null;
  }

  async #fetch() {
    let response;
    try {
      // The app knows its users by its own cookies, which go to the app alone.
      response = await fetch(this.#address, { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' } });
    } catch {
      throw new TokenError('The app did not answer. Check your connection and try again.');
    }
    if (!response.ok) throw new TokenError(`The app gave no access (status ${response.status}). Sign in again, or ask its administrator.`);
    const answer = await response.json().catch(() => null);
    if (typeof answer?.token !== 'string') throw new TokenError('The app gave no token. Its administrator finds how in docs/embed.md.');
    return { token: answer.token, expires: Date.parse(answer.expires_at) || Date.now() + 2 * margin };
  }
}
