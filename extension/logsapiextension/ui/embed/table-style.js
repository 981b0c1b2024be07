/**
 * How an embedded table looks. Every variable that begins with --docket- may be set by the
 * app, on the element or above it; the colours follow the app's color-scheme.
 */
export const tableStyle = `
:host {
  display: block;
  color: var(--docket-text, light-dark(#1c1e22, #e5e7eb));
  background: var(--docket-surface, transparent);
  font: var(--docket-font, 0.875rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  --quiet: var(--docket-quiet, light-dark(#5c6068, #9ca1ab));
  --line: var(--docket-line, light-dark(#e0e1e4, #2f3238));
  --control: var(--docket-control, light-dark(#8b8d93, #6c7079));
  --accent: var(--docket-accent, light-dark(#3d4bcb, #9aa5ff));
  --hover: var(--docket-hover, light-dark(#f3f4f6, #22252a));
  --removed: var(--docket-removed, light-dark(#b3261e, #ff8b82));
  --added: var(--docket-added, light-dark(#1a6e3a, #63c787));
  --radius: var(--docket-radius, 6px);
}
:host([hidden]), [hidden] { display: none; }
* { box-sizing: border-box; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin: 0 0 12px; }
label { display: grid; gap: 2px; color: var(--quiet); font-size: 0.8em; }
input, button {
  font: inherit; color: inherit; min-height: 32px; padding: 2px 10px; border: 1px solid var(--control);
  border-radius: var(--radius); background: transparent;
}
label input { font-size: 1.25em; color: var(--docket-text, light-dark(#1c1e22, #e5e7eb)); width: 180px; }
button { cursor: pointer; }
button:hover { background: var(--hover); }
button:disabled { opacity: 0.5; cursor: default; }
.push { margin-inline-start: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-weight: 500; font-size: 0.85em; }
time, .where { color: var(--quiet); font-variant-numeric: tabular-nums; white-space: nowrap; }
.failed { color: var(--removed); }
details > summary { cursor: pointer; color: var(--accent); font-size: 0.85em; min-height: 24px; }
.diff { width: auto; margin: 4px 0; font-size: 0.85em; }
.diff th, .diff td { padding: 2px 12px 2px 0; border: 0; }
.diff tbody th { font-weight: 500; }
.diff del { color: var(--removed); }
.diff ins { color: var(--added); text-decoration: none; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0 12px; margin: 4px 0; font-size: 0.85em; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.state { padding: 24px 0; color: var(--quiet); text-align: center; }
.state[role="alert"] { color: var(--removed); }
.more { display: flex; justify-content: center; padding: 12px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (width < 560px) {
  table.events, table.events tbody, table.events tr, table.events td { display: block; }
  table.events > thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.events > tbody > tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  table.events > tbody > tr > td { padding: 0; border: 0; }
  label, label input { width: 100%; }
}
.container { container-type: inline-size; }
`;
