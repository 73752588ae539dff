/** What a session's host writes into the journal about an evaluation: its output, and the snapshot that goes with it. */
import { createHash } from 'node:crypto';
import {
  type Capture,
  EngineDied,
  EngineOwnership,
  EngineUnavailable,
  type EvaluateReply,
} from '../engine/contract.js';
import type { EntryBody, EvaluationError, OutputEntry } from '../session/entry.js';

/** A snapshot entry with its bytes. */
export type SnapshotBody = EntryBody & { readonly blob: Uint8Array };

export function outputOf(key: string, reply: EvaluateReply): OutputEntry {
  return {
    type: 'output',
    key,
    outcome: reply.outcome,
    ...(reply.printString === undefined ? {} : { printString: reply.printString }),
    ...(reply.class === undefined ? {} : { class: reply.class }),
    ...(reply.error ? { error: reply.error } : {}),
    transcript: reply.transcript,
    durationMs: reply.durationMs,
    ...(reply.deferred && reply.deferred.length > 0 ? { deferred: reply.deferred } : {}),
  };
}

export function snapshotOf(capture: Capture): SnapshotBody {
  const blob = Buffer.from(capture.data, 'utf8');
  return {
    type: 'snapshot',
    kind: capture.kind,
    digest: createHash('sha256').update(blob).digest('hex'),
    bytes: blob.byteLength,
    saved: capture.saved,
    removed: capture.removed,
    unsaved: capture.unsaved,
    classes: capture.classes,
    blob,
  };
}

/** No answer came. An engine that died before it was given the code has certainly not run it. */
export function failedOutput(key: string, error: unknown, begun: boolean): OutputEntry {
  const isOurMistake = error instanceof EngineOwnership;
  if (begun && (error instanceof EngineDied || isOurMistake)) return unknownOutput(key, error.name, error.message);
  const failure: EvaluationError = {
    class: error instanceof EngineUnavailable || isOurMistake ? error.name : 'RestoreFailed',
    message: error instanceof Error ? error.message : String(error),
    stack: [],
  };
  return { type: 'output', key, outcome: 'error', error: failure, transcript: '', durationMs: 0 };
}

export function unknownOutput(key: string, errorClass: string, message: string): OutputEntry {
  const error = { class: errorClass, message, stack: [] };
  return { type: 'output', key, outcome: 'unknown', error, transcript: '', durationMs: 0 };
}

/** What was accepted with secrets in it and had not begun when the backend ended: its code was in memory only. */
export function notKeptOutput(key: string): OutputEntry {
  const error = {
    class: 'CodeNotKept',
    message:
      'the backend ended before this evaluation began, and its code was not kept because it held secrets; it has not run',
    stack: [],
  };
  return { type: 'output', key, outcome: 'error', error, transcript: '', durationMs: 0 };
}
