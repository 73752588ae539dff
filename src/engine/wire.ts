/** What is said on an engine's pipe: one JSON value a line, calls one way, answers the other. */
import type { EvaluateRequest } from './contract.js';

export type EngineCall = { readonly id: number } & EngineOperation;

export type EngineOperation =
  | { readonly op: 'evaluate'; readonly request: EvaluateRequest }
  | { readonly op: 'restore'; readonly captures: readonly string[] }
  | { readonly op: 'capture'; readonly kind: 'full' | 'changes' }
  | { readonly op: 'bindings' }
  | { readonly op: 'ping' }
  | { readonly op: 'quit' };

export type EngineAnswer =
  | { readonly id: number; readonly ok: true; readonly result?: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };
