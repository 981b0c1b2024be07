// How times, numbers, levels and JSON become text, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'Asia/Kolkata';

const ui = '../../../extension/logsapiextension/ui/';
const { describeTime, distanceText, formatShortTime, formatTime, movedTime, parseInstant, relativeTime } = await import(`${ui}format/time.js`);
const { counted, formatBytes, formatCount, formatPercent, formatRate, formatShortCount } = await import(`${ui}format/number.js`);
const { levelLabel, levelOf } = await import(`${ui}format/level.js`);
const { findInJson, parseJsonText } = await import(`${ui}format/json-text.js`);
const { RateMeter } = await import(`${ui}format/rate.js`);
const { RecordCounter } = await import(`${ui}format/record-count.js`);

const now = Date.parse('2026-11-21T12:00:00Z');

test('a time keeps its nanoseconds, on both clocks', () => {
  const text = '2026-11-20T20:05:00.000000001Z';
  assert.deepEqual(parseInstant(text), { milliseconds: Date.parse('2026-11-20T20:05:00Z'), nanoseconds: 1 });
  assert.equal(formatTime(text, 'utc'), '2026-11-20 20:05:00.000');
  assert.equal(formatTime(text, 'utc', 9), '2026-11-20 20:05:00.000000001');
  assert.equal(formatTime(text, 'local', 0), '2026-11-21 01:35:00');
  assert.equal(formatTime('2026-11-20T20:05:00.5+01:00', 'utc', 1), '2026-11-20 19:05:00.5');
  assert.equal(formatTime('yesterday', 'utc'), 'yesterday');
  assert.equal(parseInstant('yesterday'), null);
});

test('where there is little room, a time of today has no date', () => {
  assert.equal(formatShortTime('2026-11-21T11:00:00.25Z', 'utc', now), '11:00:00.250');
  assert.equal(formatShortTime('2026-11-20T11:00:00Z', 'utc', now), '11-20 11:00:00.000');
});

test('a time tells all of itself when it is pointed at', () => {
  assert.equal(
    describeTime('2026-11-21T11:57:00.000000001Z', now),
    `2026-11-21 11:57:00.000000001 UTC\n2026-11-21 17:27:00.000000001 ${new Intl.DateTimeFormat('en').resolvedOptions().timeZone}\n3 minutes ago`,
  );
});

test('how long ago, in the greatest unit', () => {
  const cases = [[-400, 'just now'], [-1500, '1 second ago'], [-180_000, '3 minutes ago'], [-7_200_000, '2 hours ago'], [-86_400_000, '1 day ago'], [90_000, 'in 1 minute']];
  for (const [distance, expected] of cases) assert.equal(relativeTime(now + distance, now), expected);
});

test('the distance of two times, from nanoseconds to days', () => {
  const from = '2026-11-20T10:00:00.5Z';
  const cases = {
    '2026-11-20T10:00:00.5Z': '0',
    '2026-11-20T10:00:00.500000001Z': '+1 ns',
    '2026-11-20T10:00:00.499Z': '−1 ms',
    '2026-11-20T10:00:02Z': '+1.5 s',
    '2026-11-20T09:57:00.5Z': '−3 min',
    '2026-11-22T10:00:00.5Z': '+2 d',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(distanceText(text, from), expected, text);
  assert.equal(movedTime(from, -500), '2026-11-20T10:00:00.000Z');
});

test('numbers', () => {
  assert.equal(formatCount(1234567), '1,234,567');
  assert.deepEqual([0, 9999, 12_345, 1_234_567].map(formatShortCount), ['0', '9,999', '12.3K', '1.23M']);
  assert.deepEqual([0, 1, 2].map((number) => counted(number, 'record')), ['0 records', '1 record', '2 records']);
  assert.deepEqual([0, 0.4, 12, 3100].map(formatRate), ['0/s', '0.4/s', '12/s', '3,100/s']);
  assert.deepEqual([0, 999, 1500, 20_000_000].map(formatBytes), ['0 B', '999 B', '1.5 kB', '20 MB']);
  assert.deepEqual([0, 0.01, 2.5, 40].map(formatPercent), ['0.0 %', '<0.1 %', '2.5 %', '40 %']);
});

test('a level is one of seven, whatever a record says', () => {
  assert.equal(levelOf('error'), 'error');
  assert.equal(levelOf('"><script>'), 'unspecified');
  assert.equal(levelLabel('warn'), 'WARN');
  assert.equal(levelLabel('unspecified'), '—');
});

test('JSON keeps the digits of numbers, the order of names, and repeated ones', () => {
  const node = parseJsonText(' {"b": 9007199254740993, "a": [1.50, true, null, "x\\u00e9\\n"], "b": {"__proto__": 1e400}} ');
  assert.deepEqual(node.children.map(({ key }) => key), ['b', 'a', 'b']);
  assert.equal(node.children[0].node.text, '9007199254740993');
  assert.deepEqual(node.children[1].node.children.map(({ key, node: { kind, text } }) => [key, kind, text]), [['0', 'number', '1.50'], ['1', 'boolean', 'true'], ['2', 'null', 'null'], ['3', 'string', 'xé\n']]);
  assert.equal(node.children[2].node.text, '{"__proto__": 1e400}');
});

test('what is no map or list of JSON is a text', () => {
  for (const text of ['', 'x', '42', '"x"', '{', '{"a"}', '[1,]', '[1 2]', '{"a":1}x', '[01]', '["\n"]', '['.repeat(1000)]) {
    assert.equal(parseJsonText(text), null, text);
  }
});

test('a value inside maps is found by the names on the way, which may have dots', () => {
  const node = parseJsonText('{"a": {"b.c": {"d": 1}}, "a.b": 2}');
  assert.equal(findInJson(node, 'a.b.c.d'), '1');
  assert.equal(findInJson(node, 'a.b'), '2');
  assert.equal(findInJson(node, 'a.x'), null);
});

test('a rate is that of the last seconds', () => {
  const meter = new RateMeter(0);
  meter.add(10, 500);
  assert.equal(meter.perSecond(1000), 10);
  meter.add(40, 2000);
  assert.equal(meter.perSecond(5000), 10);
  assert.equal(meter.perSecond(6000), 8);
  assert.equal(meter.perSecond(60_000), 0);
});

test('the records of an export are counted as it comes, however it is cut', () => {
  const files = {
    csv: 'timestamp,body\r\n1,"two\nlines, and a ""quote"""\r\n2,plain\r\n',
    ndjson: '{"a":"\\n"}\n{"b":2}\n',
    json: '[{"a":1},\n{"b":2}]\n',
  };
  for (const [format, text] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const counter = new RecordCounter(format);
      counter.push(bytes.slice(0, cut));
      counter.push(bytes.slice(cut));
      assert.equal(counter.records, 2, `${format} cut at ${cut}`);
    }
  }
});
