/**
 * Who is signed in, with which key, and in which project they look. The key is in this
 * tab's session storage and nowhere else, and is gone when the tab is closed.
 * @module
 */

import { ApiError, Client } from '../api/client.js';

const keyName = 'docket-key';
const projectName = 'docket-project';

const revoked = 'Docket does not accept your key any more: it was revoked or replaced. Sign in with another.';

/** Scopes of which one is needed to read records. */
const readingScopes = ['logs:read', 'logs:write', '*'];

/**
 * A project. Its api_token may post records into it and do nothing else.
 * @typedef {{id: number, uuid: string, name: string, organization: string, api_token: string}} Project
 * @typedef {{uuid: string, first_name: string, is_staff: boolean, scopes: string[], team: Project | null}} User
 */

class Session {
  /** @type {Client | null} */
  #client = null;
  /** @type {User | null} */
  #user = null;
  /** @type {Project[]} those that the key may use */
  projects = [];
  /** @type {number} the id of the project that is looked at; 0 when there is none */
  project = 0;
  /** Why there is no session any more, to be told where one signs in; "" when that needs no words. */
  farewell = '';
  /** @type {Set<() => void>} */
  #listeners = new Set();

  constructor() {
    window.addEventListener('docket-signed-out', (event) => {
      // A request of a former key may be answered late.
      if (event instanceof CustomEvent && event.detail === this.#client) this.signOut(revoked);
    });
  }

  get isSignedIn() {
    return this.#client !== null;
  }

  /** The key, "" when nobody is signed in. */
  get key() {
    return this.#client?.key ?? '';
  }

  /**
   * What to send requests with.
   * @returns {Client}
   */
  get client() {
    if (!this.#client) throw new ApiError({ status: 401, code: 'not_authenticated', detail: 'You are signed out. Sign in to go on.' });
    return this.#client;
  }

  /**
   * The key's name and what it may do.
   * @returns {User | null}
   */
  get user() {
    return this.#user;
  }

  /** Whether the key may change things: save views, make alerts, post records. */
  get mayWrite() {
    return this.#user?.scopes.some((scope) => scope === 'logs:write' || scope === '*') ?? false;
  }

  /** What the paths of the questions about records begin with, such as `api/projects/1/logs/`. */
  get projectPath() {
    return `api/projects/${this.project}/logs/`;
  }

  /**
   * Signs in with a key.
   * @param {string} key
   * @throws {ApiError} with what to do, when the key does not open anything
   */
  async signIn(key) {
    // Anything else could not be sent in a header.
    if (!/^[\x21-\x7e]+$/.test(key)) {
      throw new ApiError({ status: 401, code: 'invalid_input', detail: 'A key has no spaces, line breaks or accents. Copy the whole key, and nothing else.' });
    }
    const client = new Client({ key });
    const user = await client.get('api/users/@me/');
    if (!user.scopes.some((/** @type {string} */ scope) => readingScopes.includes(scope))) {
      throw new ApiError({
        status: 403,
        code: 'permission_denied',
        detail: `The key “${user.first_name}” may post records but not read them. Sign in with a key that has the scope logs:read.`,
      });
    }
    const projects = await readProjects(client, user);
    if (projects.length === 0) {
      throw new ApiError({ status: 403, code: 'permission_denied', detail: `The key “${user.first_name}” opens no project. Use the admin key, or a key of an organization with projects.` });
    }
    this.farewell = '';
    this.#client = client;
    this.#user = user;
    this.projects = projects;
    this.project = choose(projects, [Number(read(projectName)), user.team?.id ?? 0]);
    write(keyName, key);
    this.#tell();
  }

  /**
   * Signs in with the key that this tab has kept, if any.
   * @returns {Promise<boolean>} whether there was one, so that subscribers were told what became of it
   * @throws {ApiError} when it could not be tried; the key is kept unless it was refused
   */
  async restore() {
    const key = read(keyName);
    if (!key) return false;
    try {
      await this.signIn(key);
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error;
      this.signOut(error.status === 401 ? revoked : error.detail);
      return true;
    }
    return true;
  }

  /**
   * Forgets the key.
   * @param {string} [farewell] why, if nobody asked for it
   */
  signOut(farewell = '') {
    write(keyName, null);
    this.farewell = farewell;
    this.#client = null;
    this.#user = null;
    this.projects = [];
    this.project = 0;
    this.#tell();
  }

  /**
   * Looks at another project.
   * @param {number} id
   * @returns {boolean} whether the key may use it
   */
  chooseProject(id) {
    if (!this.projects.some((project) => project.id === id)) return false;
    if (this.project === id) return true;
    this.project = id;
    write(projectName, String(id));
    this.#tell();
    return true;
  }

  /**
   * Calls the listener after every change of who is signed in or of the project.
   * @param {() => void} listener
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The session of this tab. */
export const session = new Session();

/**
 * Reads the projects of a key. That of Docket's own audit trail is in no list; the admin key
 * may read it, and keys that were made for nothing else.
 * @param {Client} client
 * @param {User} user
 * @returns {Promise<Project[]>}
 */
async function readProjects(client, user) {
  const projects = await listProjects(client);
  if (!user.is_staff && projects.length > 0) return projects;
  try {
    projects.push(await client.get('api/projects/@audit/'));
  } catch (error) {
    // Without an audit trail there are the others.
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
  }
  return projects;
}

/**
 * @param {Client} client
 * @returns {Promise<Project[]>}
 */
async function listProjects(client) {
  const limit = 1000;
  /** @type {Project[]} */
  const projects = [];
  for (let isLast = false; !isLast; ) {
    const page = await client.get('api/projects/', { query: { limit, offset: projects.length } });
    projects.push(...page.results);
    isLast = page.next === null || page.results.length === 0;
  }
  return projects;
}

/**
 * @param {Project[]} projects
 * @param {number[]} wanted
 */
function choose(projects, wanted) {
  return wanted.find((id) => projects.some((project) => project.id === id)) ?? projects[0].id;
}

/** @param {string} name */
function read(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | null} value
 */
function write(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // Without storage the session ends with the page.
  }
}
