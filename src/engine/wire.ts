/**
 * What is said on an engine's pipe: one JSON value a line, calls one way, answers the other. Whatever an engine says carries
 * the nonce that it was given at its start; a line with another one does not come from it.
 */
import type { EvaluateRequest } from './contract.js';

export type EngineCall = { readonly id: number } & EngineOperation;

export type EngineOperation =
  | { readonly op: 'evaluate'; readonly request: EvaluateRequest }
  /** Has no answer. */
  | { readonly op: 'prepare'; readonly code: string }
  | { readonly op: 'restore'; readonly captures: readonly string[] }
  | { readonly op: 'capture'; readonly kind: 'full' | 'changes' }
  | { readonly op: 'bindings' }
  | { readonly op: 'ping' }
  | { readonly op: 'quit' };

export type EngineAnswer = { readonly nonce: string; readonly id: number } & EngineAnswerContent;

export type EngineAnswerContent =
  | { readonly ok: true; readonly result?: unknown }
  | { readonly ok: false; readonly error: string };
