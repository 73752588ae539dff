/**
 * What an engine is to the rest of stui: a process that evaluates Smalltalk, says which bindings an evaluation changed,
 * and can give its state away and take it back. The messages travel as UTF-8 JSON lines on a dedicated pipe (file
 * descriptor 3, both ways), so nothing that user code prints can be taken for a reply.
 */

/** First line an engine writes, once it can take requests. */
export interface EngineReady {
  readonly type: 'ready';
  /** Which process says this: the nonce that it was given at its start. */
  readonly nonce: string;
  /** Adapter name, e.g. `embedded`. */
  readonly engine: string;
  /** Version of the Smalltalk behind it, e.g. `Amber 0.30.0`. */
  readonly version: string;
  readonly dialect: string;
  readonly capabilities: readonly string[];
}

/** How much work the engine may spend on capturing changed bindings together with the evaluation that changed them. */
export interface CaptureBudget {
  /** Upper bound of the encoded changes, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** Upper bound of the objects the engine may walk to find what changed. */
  readonly maxObjects: number;
}

/** A piece of engine state, opaque to everyone but the engine that wrote it. */
export interface Capture {
  /** `full` stands alone; `changes` applies on top of the capture before it. */
  readonly kind: 'full' | 'changes';
  /** Engine-defined text (JSON for the embedded engine). */
  readonly data: string;
  /** Names of the bindings whose value this capture carries. */
  readonly saved: readonly string[];
  /** Names of bindings that no longer exist. */
  readonly removed: readonly string[];
  /** Bindings whose value cannot be carried, and why; their value is not in `data`. */
  readonly unsaved: readonly UnsavedBinding[];
  /** Names of the classes (and extended classes) whose source this capture carries. */
  readonly classes: readonly string[];
}

export interface UnsavedBinding {
  readonly name: string;
  readonly reason: string;
}

export interface EvaluateRequest {
  readonly code: string;
  /** Interrupt after this many milliseconds, keeping the state. */
  readonly timeoutMs: number;
  /** Longest print string to return, in characters; longer ones end in an ellipsis. */
  readonly printLimit: number;
  readonly budget: CaptureBudget;
  /** Also describe the resulting object's instance variables. */
  readonly inspect?: boolean;
}

export interface EngineError {
  /** Smalltalk class of the exception, `SyntaxError` for code that does not parse. */
  readonly class: string;
  readonly message: string;
  /** 1-based position in the evaluated source, where known. */
  readonly line?: number;
  readonly column?: number;
  /** Smalltalk frames, innermost first, e.g. `Number>>/`; ends at the evaluated code (`DoIt`). */
  readonly stack: readonly string[];
}

export interface Inspection {
  readonly class: string;
  readonly printString: string;
  /** Number of elements of a collection. */
  readonly size?: number;
  readonly instanceVariables: Readonly<Record<string, string>>;
}

export type EngineOutcome = 'value' | 'error' | 'interrupted';

export interface EvaluateReply {
  readonly outcome: EngineOutcome;
  /** Present when outcome is `value`. */
  readonly printString?: string;
  readonly class?: string;
  /** Present otherwise. */
  readonly error?: EngineError;
  /** What the code wrote to the Transcript. */
  readonly transcript: string;
  /** Time spent evaluating and printing, in milliseconds. */
  readonly durationMs: number;
  /** What changed, when it fitted the budget. Absent when nothing changed. */
  readonly capture?: Capture;
  /** Names of bindings that changed but did not fit the budget; `capture` is then absent. `*` when not even the names are known. */
  readonly deferred?: readonly string[];
  readonly inspection?: Inspection;
}

export interface BindingInfo {
  readonly name: string;
  readonly class: string;
  readonly printString: string;
  /** Number of elements of a collection. */
  readonly size?: number;
  /** Present when the value cannot be captured. */
  readonly unsavedReason?: string;
}

export interface RestoreReply {
  readonly restored: readonly string[];
  /** Bindings and classes that the captures carry but this engine could not bring back. */
  readonly failed: readonly UnsavedBinding[];
  readonly classes: readonly string[];
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** One sentence for a person, e.g. "the engine ran out of its 128 MB of memory". */
  readonly reason: string;
}

/**
 * A running engine, serving one owner for as long as it runs. Calls are answered in order; one is in flight at a time. A call
 * other than an evaluation, which has its own limit, is answered within a minute, or the engine is killed.
 */
export interface Engine {
  readonly ready: EngineReady;
  readonly pid: number;
  /** Given to this process and to no other; every answer that is taken for its answer carried it. */
  readonly nonce: string;
  /** Whom it was started for: whoever journals its answers makes sure that he is. @throws {EngineOwnership} when nobody owns it yet */
  readonly owner: string;
  /** Resolves once, when the process is gone. */
  readonly exited: Promise<EngineExit>;
  /** @throws {EngineDied} when the process ends before it answers. */
  evaluate(request: EvaluateRequest): Promise<EvaluateReply>;
  /**
   * Says what is likely to be evaluated next. An engine with the capability `prepare` compiles it, runs none of it, and does not
   * answer.
   */
  prepare(code: string): void;
  /** Applies captures in order: one `full`, then `changes`. Only on an engine that has evaluated nothing. */
  restore(captures: readonly string[]): Promise<RestoreReply>;
  /** Captures without a budget. `changes` answers undefined when nothing changed since the last capture. */
  capture(kind: 'full' | 'changes'): Promise<Capture | undefined>;
  bindings(): Promise<readonly BindingInfo[]>;
  ping(): Promise<void>;
  /** Interrupts the running evaluation, which then answers with outcome `interrupted`; its state is kept. */
  interrupt(): void;
  /** `quit`, then TERM, then KILL. Resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface EngineFactory {
  readonly name: string;
  /**
   * An engine that nobody had before, and that nobody else will have.
   * @param owner id of the session that it serves, or what else it is for; `Engine.owner` says it
   * @throws {EngineUnavailable} when no engine process can be made ready.
   */
  start(owner: string): Promise<Engine>;
  /** Starts engines before they are asked for, until so many wait. Where that cannot be done, nothing is the worse for it. */
  warm(count: number): void;
  /** Ends idle spares. Engines already handed out are their owners' to stop. */
  close(): Promise<void>;
}

/** The engine process ended before it answered; whether the code ran is not known. */
export class EngineDied extends Error {
  override readonly name = 'EngineDied';
  constructor(readonly exit: EngineExit) {
    super(exit.reason);
  }
}

/** No engine could be started. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';

  /** @param isForScarcity descriptors, processes or memory are used up: it may work once something else has ended */
  constructor(
    message: string,
    readonly isForScarcity = false,
  ) {
    super(message);
  }
}

/** A mistake of ours: an engine was to serve a second owner, or answered somebody whose it is not. */
export class EngineOwnership extends Error {
  override readonly name = 'EngineOwnership';
}
