/**
 * Explanations of records by a language model: docs/explain.md.
 */
import { session } from '../state/session.js';

/**
 * @typedef {object} Explanation
 * @property {string} headline
 * @property {'ok' | 'warning' | 'error' | 'critical'} severity_assessment
 * @property {string} impact_summary
 * @property {{hypothesis: string, confidence: 'high' | 'medium' | 'low', reasoning: string}[]} probable_causes
 *   the most probable first
 * @property {{action: string, priority: 'now' | 'soon' | 'later', why: string}[]} immediate_actions the most urgent first
 * @property {string} technical_explanation
 * @property {{field: string, value: string, significance: string, attribute_type: 'log' | 'resource'}[]} key_fields
 * @property {string} generated_at
 * @property {boolean} from_cache
 */

/**
 * Asks what a record means.
 * @param {{id: string, timestamp: string, redo: boolean}} question redo asks the model again, though there is an answer
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Explanation>}
 */
export function explainRecord({ id, timestamp, redo }, { signal } = {}) {
  return session.client.post(`${session.projectPath}explainLogWithAI/`, { uuid: id, timestamp, force_refresh: redo }, { signal });
}
