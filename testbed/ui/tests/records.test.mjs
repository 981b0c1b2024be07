// What the table of records is made of, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const ui = '../../../extension/logsapiextension/ui/';
const { EventParser } = await import(`${ui}api/event-stream.js`);
const columns = await import(`${ui}pages/explore/columns.js`);
const { queryCommand, recordCommand, shellQuoted } = await import(`${ui}pages/explore/commands.js`);
const { fieldGroups } = await import(`${ui}pages/explore/fields.js`);
const { foldedLength } = await import(`${ui}pages/explore/folded-text.js`);
const { patternParts, searchForPattern } = await import(`${ui}pages/explore/pattern-search.js`);
const { RecordPages } = await import(`${ui}pages/explore/record-pages.js`);
const { RowHeights } = await import(`${ui}pages/explore/row-heights.js`);

/** A record with what a test says. */
function record(parts = {}) {
  return {
    uuid: '018b0000-0000-7000-8000-000000000001', trace_id: '0'.repeat(32), span_id: '0'.repeat(16), body: 'hello',
    attributes: {}, timestamp: '2026-11-20T10:00:00Z', observed_timestamp: '2026-11-20T10:00:01Z', severity_text: 'info',
    severity_number: 9, level: 'info', resource_attributes: { 'service.name': 'api' }, resource_fingerprint: '1',
    instrumentation_scope: '', event_name: '', ...parts,
  };
}

test('events are read however they are cut on their way', () => {
  const stream = 'retry: 2000\n\nid: one\nevent: log\ndata: {"a":\ndata: 1}\n\n: heartbeat\n\nevent: dropped\r\ndata: {"count":3}\r\n\r\ndata:x\n\nevent: nothing\n\n';
  const expected = [
    { type: 'log', data: '{"a":\n1}', id: 'one' },
    { type: 'dropped', data: '{"count":3}', id: 'one' },
    { type: 'message', data: 'x', id: 'one' },
  ];
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))], expected, `cut at ${cut}`);
    assert.equal(parser.retry, 2000);
  }
});

test('rows of different heights are found where they are', () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const heights = new RowHeights(28);
  const model = [];
  heights.reset(0);
  for (let round = 0; round < 60; round += 1) {
    const added = random(400);
    if (round % 3 === 2) {
      model.unshift(...Array(added).fill(28));
      model.length = Math.min(model.length, 9000);
      heights.prepend(added, model.length);
    } else {
      model.push(...Array(added).fill(28));
      heights.grow(model.length);
    }
    for (let change = 0; change < 20 && model.length > 0; change += 1) {
      const index = random(model.length);
      model[index] = 20 + random(500);
      heights.set(index, model[index]);
    }
    let top = 0;
    for (const [index, height] of model.entries()) {
      assert.equal(heights.top(index), top);
      assert.equal(heights.height(index), height);
      if (index % 97 === 0) assert.deepEqual([heights.at(top), heights.at(top + height - 1)], [index, index]);
      top += height;
    }
    assert.equal(heights.total, top);
  }
  assert.equal(heights.at(-5), 0);
  assert.equal(heights.at(1e9), model.length - 1);
});

test('columns stand in the address and come back', () => {
  const names = ['timestamp', 'a,b', '50%', 'attributes.level'];
  assert.deepEqual(columns.parseColumnNames(columns.formatColumnNames(names)), names);
  assert.deepEqual(columns.parseColumnNames('a,,a,b'), ['a', 'b']);
  assert.deepEqual(columns.parseColumnNames(null), []);
  assert.deepEqual(columns.parseWidths(columns.formatWidths([120, null, 5])), [120, null, 48]);
  assert.equal(columns.formatWidths([null, null]), '');
  assert.deepEqual(columns.parseWidths('x,,99999'), [null, null, 2000]);
});

test('a column shows what the search box finds by its name', () => {
  const row = record({
    attributes: { 'user.id': '42', request: '{"headers": {"accept": "*/*"}}', level: 'high', constructor: 'x' },
    resource_attributes: { 'service.name': 'api', 'user.id': '7', pod: 'a-1' },
    trace_id: '5ACE41B5289C0F83F66ADD51C438AB1F',
  });
  const values = {
    level: 'info', 'attributes.level': 'high', service: 'api', message: 'hello', trace_id: '5ace41b5289c0f83f66add51c438ab1f', span_id: null,
    'user.id': '42', 'resource.user.id': '7', pod: 'a-1', 'any.pod': 'a-1', 'attributes.pod': null, 'request.headers.accept': '*/*',
    constructor: 'x', toString: null, event: null,
  };
  for (const [name, expected] of Object.entries(values)) assert.equal(columns.valueOf(row, name), expected, name);
});

test('a column has the name in an export by which its value is there', () => {
  const row = record({ resource_attributes: { pod: 'a-1' }, attributes: { 'user.id': '1' } });
  const names = { timestamp: 'timestamp', service: 'service_name', message: 'body', 'user.id': 'attributes.user.id', pod: 'resource_attributes.pod', 'resource.x': 'resource_attributes.x', 'attributes.level': 'attributes.level' };
  for (const [name, expected] of Object.entries(names)) assert.equal(columns.exportedName(name, row), expected);
});

test('a saved view keeps columns and widths', () => {
  const [names, widths] = [['timestamp', 'service', 'user.id', 'resource.pod', 'message'], [200, null, 90, null, null]];
  const kept = columns.toViewColumns(names, widths);
  assert.deepEqual(kept.map(({ type }) => type), ['timestamp', 'source', 'custom', 'custom', 'message']);
  assert.deepEqual(columns.fromViewColumns(kept), { columns: ['timestamp', 'service', 'user.id', 'resource.pod', 'message'], widths });
  assert.deepEqual(columns.fromViewColumns(null), { columns: [], widths: [] });
});

test('fields have the names by which they are searched', () => {
  const groups = fieldGroups(record({
    body: '{"error": {"code": 7}}',
    attributes: { level: 'high', nested: '{"list": [{"a": 1}], "b": {"c": 2}}', both: '1', 'docket.record.hash': 'ff', 'log.record.uid': 'x', __proto__x: '1', '': 'no name' },
    resource_attributes: { 'service.name': 'api', both: '2', pod: 'a-1' },
  }));
  const [own, attributes, resource] = groups.map(({ fields }) => fields);
  assert.deepEqual(groups.map(({ title }) => title), ['Record', 'Attributes', 'Resource']);
  assert.deepEqual(own.map(({ name }) => name), ['message', 'level', 'timestamp', 'observed_timestamp', 'service', 'severity_number', 'id', 'hash']);
  assert.equal(own[0].children()[0].name, null);
  assert.deepEqual(attributes.map(({ label, name }) => [label, name]), [['', null], ['__proto__x', '__proto__x'], ['both', 'both'], ['level', 'attributes.level'], ['nested', 'nested']]);
  assert.deepEqual(resource.map(({ name }) => name), ['resource.both', 'resource.pod']);
  const [list, map] = attributes[4].children();
  assert.deepEqual([list.name, list.kind, list.size], ['nested.list', 'list', 1]);
  assert.equal(list.children()[0].children()[0].name, null);
  assert.equal(map.children()[0].name, 'nested.b.c');
});

test('long texts are folded, and characters stay whole', () => {
  assert.equal(foldedLength('short'), 5);
  assert.equal(foldedLength('x'.repeat(700)), 600);
  assert.equal(foldedLength('line\n'.repeat(20)), 8 * 5 - 1);
  assert.equal(foldedLength(`${'x'.repeat(599)}🙈${'x'.repeat(99)}`), 599);
  assert.equal(foldedLength('a\nb\nc', { characters: 9, lines: 2 }), 3);
});

test('commands are quoted, whatever a search says, and hold no key', () => {
  assert.equal(shellQuoted("it's $HOME"), "'it'\\''s $HOME'");
  const read = recordCommand('http://docket.test/x/', 'api/projects/1/logs/', 'abc', '2026-11-20T10:00:00Z');
  assert.equal(read, `curl -sS -H "Authorization: Bearer $DOCKET_KEY" 'http://docket.test/x/api/projects/1/logs/abc?timestamp=2026-11-20T10%3A00%3A00Z'`);
  assert.match(queryCommand('http://docket.test/', 'api/projects/1/logs/', { q: `"it's"` }), /-d '\{"query":\{"q":"\\"it'\\''s\\""\}\}'$/);
});

test('the records of a pattern are searched beside what was searched', () => {
  const pattern = { match_regex: '^\\s*a "b" \\d+$', match_literal: 'a' };
  const condition = 'message=~"^\\\\s*a \\"b\\" \\\\d+$"';
  assert.equal(searchForPattern('', pattern, false), condition);
  assert.equal(searchForPattern('level:error', pattern, true), `level:error -${condition}`);
  assert.equal(searchForPattern('a OR b', pattern, false), `(a OR b) ${condition}`);
  assert.equal(searchForPattern('', { match_regex: null, match_literal: 'logged in' }, false), 'message~"logged in"');
  assert.equal(searchForPattern('x', { match_regex: null, match_literal: null }, false), null);
});

test('what varies in a pattern is told from its words', () => {
  assert.deepEqual(patternParts('user <num> of "<str>" <b>'), [
    { text: 'user ', varies: false }, { text: '<num>', varies: true }, { text: ' of ', varies: false }, { text: '"<str>"', varies: true }, { text: ' <b>', varies: false },
  ]);
});

test('pages go on where the last one ended, within the range as it was understood', async () => {
  const asked = [];
  const pages = new RecordPages({ q: 'x', dateRange: { date_from: '-1h' } }, async (query) => {
    asked.push(query);
    const isLast = asked.length === 2;
    return { query: { dateRange: { date_from: 'fixed' } }, results: [record({ uuid: `r${asked.length}` })], hasMore: !isLast, nextCursor: isLast ? null : 'cursor' };
  });
  const { signal } = new AbortController();
  await Promise.all([pages.next(signal), pages.next(signal)]);
  assert.equal(asked.length, 1, 'a page is read once');
  await pages.next(signal);
  assert.equal(await pages.next(signal), 0);
  assert.deepEqual(asked, [{ q: 'x', dateRange: { date_from: '-1h' }, limit: 200 }, { q: 'x', dateRange: { date_from: 'fixed' }, after: 'cursor', limit: 2000 }]);
  assert.deepEqual([pages.records.map(({ uuid }) => uuid), pages.hasMore], [['r1', 'r2'], false]);
  assert.equal(pages.records[0].resource_attributes, pages.records[1].resource_attributes, 'resources are kept once');
});

test('live records push out the oldest, which can be read again', async () => {
  let asked = null;
  const pages = new RecordPages({ orderBy: 'latest' }, async (query) => {
    asked = query;
    return { query: {}, results: [], hasMore: false, nextCursor: null };
  });
  pages.prepend([record({ uuid: 'c' }), record({ uuid: 'b' })], 2);
  pages.prepend([record({ uuid: 'd' })], 2);
  assert.deepEqual(pages.records.map(({ uuid }) => uuid), ['d', 'c']);
  await pages.next(new AbortController().signal);
  assert.deepEqual(JSON.parse(atob(asked.after)), { timestamp: '2026-11-20T10:00:00Z', uuid: 'c' });
});
