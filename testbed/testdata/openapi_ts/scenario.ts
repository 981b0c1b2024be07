// A small program that works with Docket through the client that openapi-ts has made of
// /api/openapi.yaml. What it is told, it prints as one JSON object; the test that runs it
// knows what that must be. That it compiles shows that the types are such as one can work
// with.
import { client } from './client/client.gen';
import {
    deleteApiProjectsByIdLogsViewsByShortId as deleteView,
    findLogs,
    getApiProjectsByIdLogsViews as listViews,
    getApiProjectsByIdLogsViewsByShortId as getView,
    patchApiProjectsByIdLogsViewsByShortId as changeView,
    postApiProjectsByIdLogsCount as count,
    postApiProjectsByIdLogsQuery as query,
    postApiProjectsByIdLogsViews as createView,
} from './client/sdk.gen';
import type { Error as Refusal, ViewColumn } from './client/types.gen';

const path = { id: '1' };

/** told returns the data of an answer that must not be an error. */
function told<T>(answer: { data?: T; error?: unknown; response?: Response }): T {
    if (answer.error !== undefined || answer.data === undefined) {
        throw new Error(`${answer.response?.url}: ${answer.response?.status} ${JSON.stringify(answer.error)}`);
    }
    return answer.data;
}

/** refused returns what an error says by which programs decide. */
function refused(answer: { data?: unknown; error?: unknown; response?: Response }) {
    const { type, code, attr } = answer.error as Refusal;
    return { status: answer.response?.status, type, code, attr };
}

async function views() {
    const columns: ViewColumn[] = [{ id: 'c1', type: 'timestamp', width: 180 }];
    const filters = { searchTerm: '<b>', nested: { list: [1, 'two', null] } };
    const made = told(await createView({ path, body: { name: 'Errors', filters, columns } }));
    const second = told(await createView({ path, body: { name: 'Second' } }));
    const byID = { ...path, short_id: made.short_id };
    const page = told(await listViews({ path, query: { limit: 1 } }));
    const rest = told(await listViews({ path, query: { limit: 1, offset: 1 } }));
    const changed = told(await changeView({ path: byID, body: { name: 'Failures', pinned: true } }));
    const seen = told(await getView({ path: byID }));
    const deleted = await deleteView({ path: byID });
    return {
        made, changed, seen, kept: second.short_id,
        pages: [page, rest].map((p) => ({ count: p.count, names: (p.results ?? []).map((view) => view.name), isLast: p.next === null })),
        deleted: deleted.response?.status,
        gone: refused(await getView({ path: byID })),
        nameless: refused(await createView({ path, body: { filters: {} } })),
        wrongColumn: refused(await createView({ path, body: { name: 'x', columns: [{ id: 'c', type: 'custom' }] } })),
    };
}

async function records(from: string, to: string) {
    const dateRange = { date_from: from, date_to: to };
    const first = told(await query({ path, body: { query: { dateRange, serviceNames: ['api'], orderBy: 'earliest', limit: 3 } } }));
    const second = told(await query({
        path, body: { query: { dateRange, serviceNames: ['api'], orderBy: 'earliest', limit: 3, after: first.nextCursor } },
    }));
    const all = told(await count({ path, body: { query: { dateRange, severityLevels: ['error', 'fatal'] } } }));
    const logs = told(await findLogs({ query: { service: 'billing', level: 'FATAL' } }));
    return {
        bodies: [...first.results, ...second.results].map((row) => row.body), hasMore: [first.hasMore, second.hasMore], count: all.count,
        messages: logs.data.logs.map((log) => log.message),
        wrong: refused(await query({ path: { id: '99' }, body: { query: { dateRange } } })),
    };
}

async function main(address: string, key: string, from: string, to: string) {
    client.setConfig({ baseUrl: address, auth: key });
    const answers = { views: await views(), records: await records(from, to) };
    client.setConfig({ auth: 'nobody' });
    console.log(JSON.stringify({ ...answers, unknown: refused(await listViews({ path })) }));
}

const [address, key, from, to] = process.argv.slice(2) as [string, string, string, string];
main(address, key, from, to).catch((problem: unknown) => {
    console.error(problem);
    process.exitCode = 1;
});
