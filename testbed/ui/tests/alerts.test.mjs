// What the pages of alerts and views say, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'Asia/Kolkata';

const ui = '../../../extension/logsapiextension/ui/';
const { announcementText, conditionText, eventText, everyText, minutesText, shownState, spanText } = await import(`${ui}pages/alerts/words.js`);
const { fromGroupBy, toGroupBy } = await import(`${ui}pages/alerts/group-by.js`);
const { searchTextOf } = await import(`${ui}pages/views-search-text.js`);
const { linePath, niceCeiling, timeTicks } = await import(`${ui}elements/line-chart-scale.js`);

const alert = {
  threshold_count: 10, threshold_operator: 'above', window_minutes: 5, evaluation_periods: 1, datapoints_to_alarm: 1, group_by: null,
};

test('a condition is a sentence', () => {
  const cases = [
    [{}, 'more than 10 records in 5 minutes'],
    [{ threshold_count: 1, threshold_operator: 'below', window_minutes: 60 }, 'fewer than 1 record in 1 hour'],
    [{ evaluation_periods: 3, datapoints_to_alarm: 2 }, 'more than 10 records in 5 minutes, in 2 of 3 windows'],
    [{ threshold_count: 12345, group_by: { type: 'log', key: 'service_name' } }, 'more than 12,345 records in 5 minutes, for each service'],
  ];
  for (const [change, expected] of cases) assert.equal(conditionText({ ...alert, ...change }), expected);
});

test('spans and intervals of time', () => {
  const second = 1000;
  const cases = [[0, '0 s'], [40 * second, '40 s'], [725 * second, '12 min 5 s'], [7265 * second, '2 h 1 min'], [90_061 * second, '1 d 1 h'], [-5, '0 s']];
  for (const [span, expected] of cases) assert.equal(spanText(span), expected);
  assert.equal(minutesText(2880), '2 days');
  assert.equal(everyText(1), 'every minute');
  assert.equal(everyText(5), 'every 5 minutes');
});

test('one that is switched off is shown so, and a state of other versions as the one that it is taken for', () => {
  assert.equal(shownState({ state: 'firing', enabled: false }), 'disabled');
  assert.equal(shownState({ state: 'firing', enabled: true }), 'firing');
  assert.equal(shownState({ state: 'errored', enabled: true }), 'not_firing');
});

test('what happened to an alert', () => {
  const check = { kind: 'check', error_message: null, threshold_breached: true, state_before: 'not_firing', state_after: 'firing', notification: 'firing', held_by: null };
  const cases = [
    [{}, 'Fired', 'announced'],
    [{ state_before: 'firing', state_after: 'not_firing', notification: null, held_by: 'cooldown' }, 'Resolved', 'not announced: cooldown'],
    [{ notification: null, held_by: 'quiet_hours' }, 'Fired', 'not announced: quiet hours'],
    [{ state_before: 'snoozed', state_after: 'not_firing', notification: null }, 'Snooze is over', ''],
    [{ error_message: 'too expensive', state_after: 'not_firing' }, 'A check failed', 'announced'],
    [{ error_message: 'too expensive', state_after: 'broken' }, 'Broken after too many failures', 'announced'],
    [{ state_before: 'firing', group: { value: 'mailer', state_before: 'firing', state_after: 'not_firing' }, notification: 'resolved' }, 'Resolved', 'announced'],
    [{ kind: 'group_gone', notification: 'resolved' }, 'Gone: a day without records', 'announced'],
    [{ kind: 'verdict_changed', notification: null }, 'Late records: it would have fired', ''],
    [{ kind: 'verdict_changed', threshold_breached: false, notification: null }, 'Late records: it would have been clear', ''],
    [{ kind: 'threshold_change', notification: null }, 'Condition changed', ''],
  ];
  for (const [change, what, told] of cases) {
    const event = { ...check, ...change };
    assert.deepEqual([eventText(event), announcementText(event)], [what, told]);
  }
});

test('a field to group by is named as in the search box', () => {
  const cases = {
    service: { type: 'log', key: 'service_name' },
    level: { type: 'log', key: 'severity_level' },
    'user.id': { type: 'log_attribute', key: 'user.id' },
    'resource.host.name': { type: 'log_resource_attribute', key: 'host.name' },
    'attributes.level': { type: 'log_attribute', key: 'level' },
  };
  for (const [text, field] of Object.entries(cases)) {
    assert.deepEqual(toGroupBy(text), field);
    assert.equal(fromGroupBy(field), text);
  }
  assert.equal(toGroupBy(''), null);
  assert.equal(fromGroupBy(null), '');
});

test('filters of other clients are said in the words of the search box', () => {
  const leaf = (key, operator, value, type = 'log_attribute') => ({ key, type, operator, value });
  const group = (type, ...values) => ({ filterGroup: { type, values } });
  const cases = [
    [{}, ''],
    [{ q: 'level:error OR timeout', dateRange: { date_from: '-1h' } }, 'level:error OR timeout'],
    [{ severityLevels: ['error', 'fatal'], serviceNames: ['checkout'], searchTerm: 'card declined' }, 'level:(error OR fatal) service:checkout "card declined"'],
    [{ serviceNames: [] }, ''],
    [{ q: 'a OR b', serviceNames: ['api'] }, '(a OR b) service:api'],
    [group('AND', leaf('user.id', 'exact', ['42']), leaf('path', 'not_icontains', 'health')), 'attributes.user.id:42 -attributes.path~health'],
    [group('OR', leaf('a', 'is_set'), leaf('b', 'is_not_set', undefined, 'log_resource_attribute')), '(attributes.a:* OR -resource.b:*)'],
    [group('AND', leaf('message', 'icontains', ['time out', 'gone'], 'log'), { type: 'OR', values: [leaf('n', 'gt', 5), leaf('n', 'lte', 1)] }),
      '("time out" OR gone) (attributes.n>5 OR attributes.n<=1)'],
    [{ filterGroup: [leaf('k', 'regex', '^a"b')] }, 'attributes.k=~"^a\\"b"'],
    [group('AND', leaf('unfinished', 'exact', ''), leaf('other', 'exact', [])), ''],
    [group('AND', leaf('k', 'is_date_exact', '2026-11-21')), null],
    [{ personId: 7 }, null],
  ];
  for (const [filters, text] of cases) assert.equal(searchTextOf(filters), text, JSON.stringify(filters));
});

test('axes have round numbers and round moments of the clock', () => {
  assert.deepEqual([0, 3, 4.5, 7, 11, 150, 900].map(niceCeiling), [4, 4, 6, 8, 20, 200, 1000]);
  const first = Date.parse('2026-11-21T00:10:00Z');
  const day = 86_400_000;
  const shown = (clock) => timeTicks(first, first + day, 5, clock).map((at) => new Date(at).toISOString().slice(11, 16));
  assert.deepEqual(shown('utc'), ['06:00', '12:00', '18:00', '00:00']);
  assert.deepEqual(shown('local'), ['00:30', '06:30', '12:30', '18:30'], 'six hours of a clock that is five and a half ahead');
});

test('a spike among thousands of points is drawn', () => {
  const points = Array.from({ length: 10_000 }, (_, index) => ({ x: index / 20, y: index === 5000 ? 3 : 100 }));
  const path = linePath(points, 500);
  assert.ok(path.includes('250.0 3.0'), 'the spike');
  assert.ok(path.match(/[ML]/g).length < 1100, 'and few of the others');
});
