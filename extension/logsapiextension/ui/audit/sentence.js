/**
 * Says what an audit event tells: `Jo Wick` `deleted` `invoice` `42`.
 *
 * Apps name their actions as they like: `invoice.delete`, `member.removed`, `user_signed_in`,
 * `deleteInvoice`. What has no verb that is known is told as it is.
 */

/**
 * @typedef {object} Sentence
 * @property {string} actor
 * @property {string} verb `deleted`, or `failed to delete`
 * @property {string} object what it was done to, "" if the event does not say
 * @property {string} target its name
 */

/** @typedef {{infinitive: string, past: string}} Verb */

/** Verbs whose past is not made by the rules, and other words for them. */
const irregular = `
  begin began, buy bought, cancel cancelled, forget forgot, get got, give gave, leave left, make made, pay paid, put put, read read, reset reset,
  run ran, sell sold, send sent, set set, submit submitted, transfer transferred, ban banned, write wrote, withdraw withdrew, undo undid, unset unset,
  stop stopped, pin pinned, unpin unpinned, sign_in signed_in login log_in logged_in signin, sign_out signed_out logout log_out logged_out signout,
  sign_up signed_up signup`;

const regular = `
  accept access activate add allow apply approve archive assign attach authorize block change charge check clear clone close complete configure confirm
  connect convert copy create deactivate decline decrypt delete deny deploy destroy detach disable disconnect download duplicate edit enable encrypt
  execute expire export finish generate grant impersonate import insert install invite issue join kick launch link list lock mark merge modify move open
  patch pause post preview print promote publish purge query reactivate receive redeem refund register reject release remove rename renew reopen replace
  replay request resend resolve restore restrict resume retry revert review revoke roll rotate save schedule search share start suspend switch sync
  terminate test toggle trigger unarchive unblock unlink unlock unpublish unshare update upgrade upload use validate verify view visit`;

/** What is said of an action without a verb that is known. */
const didSomething = 'did';
const failedSomehow = 'failed at';

/** Verbs by each of their words. */
const verbs = lexicon();

/** The last word of an action that tells of an attempt. */
const failure = /[._:/\s-]?(?:failed|failure|fail|denied)$/;

/**
 * @param {import('./event.js').AuditEvent} event
 * @returns {Sentence}
 */
export function sentenceOf(event) {
  const { verb, object } = readAction(event.action, event.failed);
  return {
    actor: actorOf(event.actor),
    verb,
    object: event.target.type === '' || isUnread(verb) ? object : words(event.target.type),
    target: event.target.name || event.target.id,
  };
}

/**
 * Reports whether nothing was made of the action, which then is told as it is.
 * @param {string} verb
 */
function isUnread(verb) {
  return verb === didSomething || verb === failedSomehow;
}

/**
 * Who acted, in one name.
 * @param {import('./event.js').Actor} actor
 */
export function actorOf({ name, email, id, description }) {
  return name || email || description || id || 'Somebody';
}

/**
 * @param {string} action
 * @param {boolean} failed
 * @returns {{verb: string, object: string}}
 */
function readAction(action, failed) {
  const text = action.replace(/(\p{Ll})(\p{Lu})/gu, '$1.$2').toLowerCase();
  const attempted = text.replace(failure, '');
  const isFailure = failed || (attempted !== text && attempted !== '');
  const parts = (isFailure ? attempted : text).split(/[.:/\s]+/).filter((part) => part !== '');
  // The verb mostly stands last, as in invoice.delete, or first, as in deleteInvoice.
  for (const at of [parts.length - 1, 0]) {
    const found = verbIn(parts[at] ?? '');
    if (found === null) continue;
    const others = parts.filter((_, index) => index !== at);
    const object = words([...others, found.rest].filter((part) => part !== '').join(' '));
    const saysItself = found.verb.infinitive.startsWith('sign ') && /^(user|auth|session|account)?$/.test(object);
    return { verb: isFailure ? `failed to ${found.verb.infinitive}` : found.verb.past, object: saysItself ? '' : object };
  }
  return { verb: isFailure ? failedSomehow : didSomething, object: action };
}

/**
 * The verb of a word such as `delete`, `deleted`, `sign_in` or `password_reset`.
 * @param {string} word
 * @returns {{verb: Verb, rest: string} | null} the rest is what else the word says
 */
function verbIn(word) {
  const parts = word.split(/[_-]/);
  for (let count = Math.min(parts.length, 2); count > 0; count -= 1) {
    const last = verbs.get(parts.slice(-count).join('_')) ?? (count === 1 ? regularPast(parts.at(-1) ?? '') : undefined);
    if (last !== undefined) return { verb: last, rest: parts.slice(0, -count).join(' ') };
    const first = verbs.get(parts.slice(0, count).join('_'));
    if (first !== undefined) return { verb: first, rest: parts.slice(count).join(' ') };
  }
  return null;
}

/**
 * The verb of a word that is no verb that is known, and looks like the past of one: `priced`.
 * @param {string} word
 * @returns {Verb | undefined}
 */
function regularPast(word) {
  return /^\p{Ll}{3,}ed$/u.test(word) ? { infinitive: `have ${word}`, past: word } : undefined;
}

/** @returns {Map<string, Verb>} */
function lexicon() {
  /** @type {Map<string, Verb>} */
  const found = new Map();
  for (const entry of irregular.split(',')) add(found, entry.trim().split(' '));
  for (const infinitive of regular.trim().split(/\s+/)) add(found, [infinitive, pastOf(infinitive)]);
  return found;
}

/**
 * @param {Map<string, Verb>} found
 * @param {string[]} entry the infinitive, the past, and other words for it
 */
function add(found, entry) {
  const [infinitive, past] = entry.map(words);
  for (const word of entry) found.set(word, { infinitive, past });
}

/** @param {string} verb */
function pastOf(verb) {
  if (verb.endsWith('e')) return `${verb}d`;
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${verb}ed`;
}

/** @param {string} text */
function words(text) {
  return text.replaceAll(/[_-]+/g, ' ');
}
