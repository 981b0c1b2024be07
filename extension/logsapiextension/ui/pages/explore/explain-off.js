/**
 * How explanations are switched on.
 */
import { h } from '../../dom.js';
import { icon } from '../../elements/icons.js';
import { toast } from '../../elements/toast.js';

const command = `DOCKET_AI_BASE_URL=http://127.0.0.1:11434/v1 \\
DOCKET_AI_MODEL=qwen3:8b \\
bin/docket --config distribution/docket.yaml`;

/**
 * @param {string} reason what the server says
 * @param {() => void} retry
 * @returns {HTMLElement}
 */
export function explainOff(reason, retry) {
  return h('div', { class: 'explain-off', role: 'note' },
    h('h3', null, icon('sparkle'), 'Explanations are off'),
    h('p', null, reason),
    h('p', { class: 'quiet-text' },
      'Any server that speaks OpenAI’s chat completions does, one on your own machine too. Until an operator names one, no record leaves Docket. For example:'),
    h('pre', { class: 'explain-command', tabindex: 0, 'aria-label': 'Command that starts Docket with a model' }, command),
    h('div', { class: 'toolbar' },
      h('button', {
        type: 'button', class: 'button small', onclick: async () => {
          await navigator.clipboard.writeText(command);
          toast('Copied.');
        },
      }, icon('copy', { size: 14 }), 'Copy'),
      h('button', { type: 'button', class: 'button small', onclick: retry }, icon('refresh', { size: 14 }), 'Try again')));
}
