/**
 * The library: what a TUI, an editor or a script in JavaScript imports to work with sessions.
 * @example
 * const backend = await BackendClient.open('tcp://127.0.0.1:5555');
 * const session = await Session.open(backend, { session: 'build-42', clientId: 'editor' });
 * const { printString } = await session.evaluate('3 + 4');
 * const conflicts = await session.change({ buffer: '3 + 4' });
 * for await (const entry of session.follow()) console.log(entry.type, session.context);
 */
export { BackendClient, type ClientOptions, type OutageListener } from './client/backend-client.js';
export { InvalidEndpoint, RequestTimedOut, Unreachable } from './client/errors.js';
export { type Context, type EvaluateOptions, Session, type SessionOptions } from './client/session.js';
export type { CommandDescriptor, Parameters, Result } from './protocol/command.js';
export { COMMANDS, type CommandName } from './protocol/commands.js';
export type {
  Binding,
  ClientInfo,
  Conflict,
  EvaluationResult,
  RepairReport,
  RestoreReport,
  SessionSummary,
  Statistics,
  VerificationReport,
} from './protocol/documents.js';
export { ERROR_TYPES, type ErrorType, ProtocolError } from './protocol/errors.js';
export { type Archive, encodeArchive } from './session/archive.js';
export { decodeArchive } from './session/archive-decoder.js';
export { ArchiveTooLarge, DamagedArchive, NewerArchive } from './session/archive-errors.js';
export { readArchive } from './session/archive-reader.js';
export { chainHash, GENESIS } from './session/chain.js';
export { type ContextChange, diffContexts } from './session/context-diff.js';
export { BadPath, formatPath, parsePath, patchRemoving, patchSetting, valueAt } from './session/context-path.js';
export { contextProblem } from './session/context-problem.js';
export type { BindingReport, Entry, Outcome, Resolution, StoredEntry } from './session/entry.js';
export { type Evaluation, evaluationsIn } from './session/evaluation.js';
export { InexactJson, parseExactJson } from './session/exact-json.js';
export { type Fork, forkEntries } from './session/fork.js';
export { type Layout, type LayoutNode, layoutProblem, type Panel } from './session/layout.js';
export { type MergedContext, mergeContexts, type PathConflict } from './session/merge-context.js';
export { applyMergePatch } from './session/merge-patch.js';
export { mergePatchBetween } from './session/merge-patch-between.js';
export { type MergedText, mergeText, uniteTexts } from './session/merge-text.js';
export {
  parseRecordedInputs,
  type RecordedInput,
  type RecordedInputs,
  type RecordFormat,
} from './session/recorded-inputs.js';
export { type ContextReport, planContext, planRestore, type RestorePlan } from './session/restore-plan.js';
export { parseRevisionRange, type RevisionRange } from './session/revision-range.js';
export { redactSecrets, type SecretMatcher } from './session/secrets.js';
export { fold, type OpenConflict, type SessionState } from './session/state.js';
export { figuresOf } from './session/statistics.js';
export { uniteValues } from './session/unite-values.js';
export { compileSecretPattern, UnsupportedPattern } from './session/user-pattern.js';
