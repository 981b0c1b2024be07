/**
 * The audit table alone, for apps that show it in a frame: `table.html#token=phe_…`. The app
 * replaces the frame's fragment when it has another token.
 */

import { AuditTable } from './docket-audit-table.js';
import { TokenError } from './token-source.js';

/** Tokens that stand in the address: in the fragment, which is not sent to any server. */
const tokens = {
  async get() {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (!token) throw new TokenError('The address has no token. Its app must add #token=… to it.');
    return token;
  },
  forget() {},
};

const table = new AuditTable();
table.tokens = tokens;
document.querySelector('main')?.append(table);
window.addEventListener('hashchange', () => table.refresh());
