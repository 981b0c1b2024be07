import { defineConfig } from '@playwright/test';

/** What the Go test says: where Docket and Chromium are. */
const { DOCKET_UI_URL, DOCKET_UI_CHROMIUM, DOCKET_UI_WORKERS = '2' } = process.env;

export default defineConfig({
  projects: [{ name: 'page', testDir: 'tests' }, { name: 'screenshots', testDir: 'screenshots' }, { name: 'speed', testDir: 'speed' }],
  // The tests of what needs no browser are run by node itself.
  testMatch: '*.spec.mjs',
  outputDir: 'results',
  fullyParallel: true,
  // On a machine with other work, a page can be late; what is wrong is wrong twice.
  retries: 1,
  workers: Number(DOCKET_UI_WORKERS),
  // These bound what hangs. Tests of the rest of Docket run beside these.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: DOCKET_UI_URL,
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    // Another time than UTC, so that the two are told apart.
    timezoneId: 'Asia/Kolkata',
    trace: 'off',
    launchOptions: {
      executablePath: DOCKET_UI_CHROMIUM,
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
});
