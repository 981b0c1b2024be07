// What the audit page tells of an event, without a browser.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const ui = '../../../extension/logsapiextension/ui/';
const { sentenceOf } = await import(`${ui}audit/sentence.js`);
const { differences } = await import(`${ui}audit/diff.js`);
const { leafHashes } = await import(`${ui}audit/leaf-hash.js`);
const { eventOfAnswer, eventOfRow } = await import(`${ui}audit/event.js`);

/** @param {string} action */
function told(action, { failed = false, target = { type: '', name: '', id: '' } } = {}) {
  const { actor, verb, object, target: name } = sentenceOf({ action, failed, target, actor: { name: 'Jo', email: '', id: '7', description: '' } });
  return [actor, verb, object, name].filter((word) => word !== '').join(' ');
}

test('actions become sentences, whatever way they are written', () => {
  for (const [action, sentence] of [
    ['invoice.delete', 'Jo deleted invoice'],
    ['deleteInvoice', 'Jo deleted invoice'],
    ['delete_invoice', 'Jo deleted invoice'],
    ['member.removed', 'Jo removed member'],
    ['team.member:invite', 'Jo invited team member'],
    ['product.priced', 'Jo priced product'],
    ['user.login', 'Jo signed in'],
    ['user_signed_in', 'Jo signed in'],
    ['logout', 'Jo signed out'],
    ['password_reset', 'Jo reset password'],
    ['order.paid', 'Jo paid order'],
    ['policy.deny', 'Jo denied policy'],
    ['user.sign_in_failed', 'Jo failed to sign in'],
    ['order.refund.failed', 'Jo failed to refund order'],
    ['api.testing.tres', 'Jo did api.testing.tres'],
    ['', 'Jo did'],
  ]) {
    assert.equal(told(action), sentence, action);
  }
  assert.equal(told('invoice.delete', { failed: true }), 'Jo failed to delete invoice');
  assert.equal(told('xyz', { failed: true }), 'Jo failed at xyz');
  assert.equal(told('view.update', { target: { type: 'saved_view', name: 'Errors', id: '3' } }), 'Jo updated saved view Errors');
  assert.equal(told('view.update', { target: { type: '', name: '', id: '3' } }), 'Jo updated view 3');
});

test('what changed is told value by value', () => {
  const compared = (/** @type {unknown} */ before, /** @type {unknown} */ after) =>
    differences(JSON.stringify(before), JSON.stringify(after)).map((/** @type {any} */ found) => [found.path, found.before, found.after]);
  assert.deepEqual(compared({ a: 1, b: { c: 'x', d: [1] }, e: true }, { a: 1, b: { c: 'y', d: [1] } }), [['b.c', 'x', 'y'], ['e', 'true', null]]);
  assert.deepEqual(compared({ roles: ['admin', 'reader'] }, { roles: ['reader', 'writer'] }), [['roles', 'admin', 'writer']]);
  assert.deepEqual(compared({ list: [{ a: 1 }] }, { list: [{ a: 2 }] }), [['list', '[{"a":1}]', '[{"a":2}]']]);
  assert.deepEqual(compared({ list: [1, 1] }, { list: [1] }), [['list', '[1,1]', '[1]']]);
  assert.deepEqual(compared({ a: '1' }, { a: 1 }), [['a', '1', '1']], 'a number is no text');
  assert.deepEqual(compared({ a: { b: 1 } }, { a: 2 }), [['a', '{"b":1}', '2']]);
  assert.deepEqual(compared({ a: 1 }, null), [['a', '1', null]]);
  assert.deepEqual(compared('x', 'y'), [['', 'x', 'y']]);
  assert.deepEqual(compared({ a: 1 }, { a: 1 }), []);
  assert.deepEqual(differences(null, null), []);
  assert.deepEqual(differences(null, '{}').length, 1, 'something was made, though nothing is in it');
  assert.deepEqual(differences('9007199254740993', '9007199254740992').length, 1, 'numbers keep their digits');
  assert.deepEqual(differences('{"a":9007199254740993}', '{"a":9007199254740992}').length, 1);
});

test('the hash is that of the vectors that the server is tested with', async () => {
  const vectors = JSON.parse(await readFile(new URL('../../../internal/record/testdata/vectors.json', import.meta.url), 'utf8'));
  assert.ok(vectors.length > 10);
  for (const { name, otlp, hash } of vectors) {
    const [{ computed }] = await leafHashes(otlp);
    assert.equal(computed, hash, name);
  }
});

test('a record that was changed has another hash', async () => {
  const record = { body: { stringValue: 'a' }, attributes: [{ key: 'docket.record.hash', value: { stringValue: 'ff' } }] };
  const exported = (/** @type {object} */ log) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] });
  const [first] = await leafHashes(exported(record));
  const [changed] = await leafHashes(exported({ ...record, body: { stringValue: 'b' } }));
  assert.equal(first.carried, 'ff');
  assert.notEqual(first.computed, changed.computed);
  assert.deepEqual(await leafHashes({}), []);
});

test('an event is the same as a record and as what an embedded table gets', () => {
  const row = {
    uuid: '1', timestamp: '2026-11-21T10:00:00.000Z', event_name: 'settings.update', body: 'settings.update',
    attributes: {
      'user.full_name': 'Jo', 'user.email': 'jo@example.com', 'user.id': '7', 'docket.actor.type': 'user', 'docket.external_id': 'acme',
      'docket.source': 'loghub', 'docket.record.hash': 'ab', 'client.address': '192.0.2.1', 'metadata.old': '{"a":1}', 'metadata.new': '{"a":2}',
      'metadata.outcome': 'failure', 'metadata.reason': 'no', 'metadata.target_name': 'Theme', 'metadata.n': '5',
    },
  };
  const answer = {
    id: '1', createdAt: '2026-11-21T10:00:00.000Z', action: 'settings.update', external_id: 'acme', hash: 'ab',
    actor: { type: 'user', data: { name: 'Jo', email: 'jo@example.com', internal_id: '7' } },
    metadata: { old: { a: 1 }, new: { a: 2 }, outcome: 'failure', reason: 'no', target_name: 'Theme', n: 5 }, extra: { ip: '192.0.2.1' },
  };
  assert.deepEqual(eventOfAnswer(answer), eventOfRow(row));
});
