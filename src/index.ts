/**
 * The library: what a TUI, an editor or a script in JavaScript imports to work with sessions.
 * @example
 * const backend = await BackendClient.open('tcp://127.0.0.1:5555');
 * const { evaluation } = await backend.request('evaluate', { code: '3 + 4', session_id: 'build-42', client_id: 'editor' });
 * backend.close();
 */
export { BackendClient } from './client/backend-client.js';
export { RequestTimedOut, Unreachable } from './client/errors.js';
export type { CommandDescriptor, Parameters, Result } from './protocol/command.js';
export { COMMANDS, type CommandName } from './protocol/commands.js';
export type { EvaluationResult, RestoreReport, SessionSummary } from './protocol/documents.js';
export { ERROR_TYPES, type ErrorType, ProtocolError } from './protocol/errors.js';
export { type Archive, DamagedArchive, decodeArchive, encodeArchive, NewerArchive } from './session/archive.js';
export { chainHash, GENESIS } from './session/chain.js';
export type { BindingReport, Entry, Outcome, StoredEntry } from './session/entry.js';
export { type Evaluation, evaluationsIn } from './session/evaluation.js';
export {
  parseRecordedInputs,
  type RecordedInput,
  type RecordedInputs,
  type RecordFormat,
} from './session/recorded-inputs.js';
export { planRestore, type RestorePlan } from './session/restore-plan.js';
export { parseRevisionRange, type RevisionRange } from './session/revision-range.js';
export { compileSecretPattern, redactSecrets } from './session/secrets.js';
export { fold, type SessionState } from './session/state.js';
