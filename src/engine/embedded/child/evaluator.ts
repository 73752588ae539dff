/**
 * Runs code. Everything that can run user code, from compiling to printing the result, happens inside one V8 script
 * with a timeout, which ends it without killing the process; no user code can catch that.
 */
import type { Script } from 'node:vm';
import type { EngineError, EngineOutcome, EvaluateRequest, Inspection } from '../../contract.js';
import type { Amber, St } from './amber.js';
import { isChunkFormat } from './chunks.js';
import { positionAt, type WorkspaceCompiler } from './compiler.js';
import type { Exceptions } from './exceptions.js';
import { type FileIn, FileInError } from './file-in.js';
import { inspect } from './inspect.js';
import { Interruption } from './interrupts.js';
import type { Printer } from './printing.js';
import { SourceError } from './source-error.js';
import { classNameOf, DO_IT, framesFrom } from './stack.js';
import type { TranscriptBuffer } from './transcript.js';
import type { Workspace } from './workspace.js';

export interface Evaluation {
  readonly outcome: EngineOutcome;
  readonly printString?: string;
  readonly class?: string;
  readonly error?: EngineError;
  readonly transcript: string;
  readonly durationMs: number;
  readonly inspection?: Inspection;
}

type Ending = Pick<Evaluation, 'outcome' | 'printString' | 'class' | 'error' | 'inspection'>;

export interface EvaluatorParts {
  readonly amber: Amber;
  readonly workspace: Workspace;
  readonly compiler: WorkspaceCompiler;
  readonly fileIn: FileIn;
  readonly printer: Printer;
  readonly transcript: TranscriptBuffer;
  readonly exceptions: Exceptions;
}

/** Compiling what fits on some screens takes a few milliseconds. */
const PREPARE_TIMEOUT_MS = 250;

/** The name under which the timed script finds what it has to run. */
const TRAMPOLINE = 'stuiTimedSection';

export class Evaluator {
  readonly #parts: EvaluatorParts;
  #script: Script | undefined;
  #section: () => void = () => {};

  constructor(parts: EvaluatorParts) {
    this.#parts = parts;
    Object.defineProperty(globalThis, TRAMPOLINE, { value: () => this.#section() });
  }

  evaluate(request: EvaluateRequest): Evaluation {
    const { transcript } = this.#parts;
    const started = performance.now();
    const ending = this.#endingOf(request);
    return { ...ending, transcript: transcript.take(), durationMs: performance.now() - started };
  }

  /** Compiles code ahead, which the evaluation itself then need not; what is wrong with it, that one says. */
  prepare(code: string): void {
    // The timed section alone starts a thread.
    if (isChunkFormat(code) || !this.#parts.compiler.canPrepare(code)) return;
    try {
      this.timed(PREPARE_TIMEOUT_MS, () => this.#parts.compiler.prepare(code));
    } catch {
      // It does not compile, or not soon enough.
    }
  }

  /** Runs a function that may run user code, under a timeout. @throws what the function throws, and on timeout */
  timed<T>(timeoutMs: number, section: () => T): T {
    const { workspace, amber, printer, exceptions } = this.#parts;
    let result: { readonly value: T } | undefined;
    workspace.at = 0;
    printer.reset();
    exceptions.reset();
    amber.core.resetContext();
    this.#section = () => {
      result = { value: section() };
    };
    this.#script ??= this.#newScript();
    this.#script.runInThisContext({ timeout: Math.max(1, Math.ceil(timeoutMs)) });
    return (result as unknown as { readonly value: T }).value;
  }

  #newScript(): Script {
    // Not imported at the top: a startup snapshot must not hold it.
    const vm = require('node:vm') as typeof import('node:vm');
    return new vm.Script(`${TRAMPOLINE}()`);
  }

  #endingOf(request: EvaluateRequest): Ending {
    try {
      return this.timed(request.timeoutMs, () => this.#run(request));
    } catch (error) {
      const frames = this.#currentFrames();
      if ((error as { code?: string } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        const message = `The evaluation took longer than ${request.timeoutMs} ms and was stopped.`;
        return this.#interrupted(request, 'Timeout', message, frames);
      }
      return { outcome: 'error', error: { class: 'Error', message: textOf(error), stack: frames } };
    }
  }

  #run(request: EvaluateRequest): Ending {
    const { amber, compiler, fileIn, printer } = this.#parts;
    const { core } = amber;
    let ending: Ending | undefined;
    core.withContext(
      () => {
        try {
          const value = isChunkFormat(request.code) ? fileIn.load(request.code) : compiler.compile(request.code)();
          ending = {
            outcome: 'value',
            printString: printer.print(value, request.printLimit),
            class: classNameOf(amber.asReceiver(value).a$cls),
            ...(request.inspect === true ? { inspection: inspect(amber, printer, value, request.printLimit) } : {}),
          };
        } catch (thrown) {
          ending = this.#failure(thrown, request);
        }
      },
      (context: St) => context.fill(null, DO_IT, {}),
    );
    return ending as Ending;
  }

  #failure(thrown: unknown, request: EvaluateRequest): Ending {
    const cause = thrown instanceof FileInError ? thrown.cause : thrown;
    if (!(cause instanceof Interruption)) return { outcome: 'error', error: this.#errorOf(thrown, request.code) };
    const frames = framesFrom(this.#parts.amber, cause.context, () => false);
    return this.#interrupted(request, 'Interrupted', 'The evaluation was interrupted.', frames);
  }

  #interrupted(request: EvaluateRequest, kind: string, message: string, stack: readonly string[]): Ending {
    const place = isChunkFormat(request.code) ? {} : positionAt(request.code, this.#parts.workspace.at);
    return { outcome: 'interrupted', error: { class: kind, message, ...place, stack } };
  }

  #errorOf(thrown: unknown, code: string): EngineError {
    if (thrown instanceof FileInError) {
      const { cause, part, remark } = thrown;
      const error = this.#errorOf(cause, part.text);
      const { line: _line, column: _column, ...rest } = error;
      const message = `${error.message} (${remark})`;
      const offset = cause instanceof SourceError ? cause.offset : this.#parts.exceptions.offsetOf(cause);
      return { ...rest, message, ...positionAt(code, thrown.fileOffset(offset)) };
    }
    if (thrown instanceof SourceError) {
      const { smalltalkClass, message, offset } = thrown;
      return { class: smalltalkClass, message, ...positionAt(code, offset), stack: [DO_IT] };
    }
    const { amber, exceptions } = this.#parts;
    const error = exceptions.asSmalltalk(thrown);
    const context = error.context?.a$cls === undefined ? amber.core.getThisContext() : error.context;
    const hidden = (receiver: St): boolean => receiver === error || receiver === error.a$cls;
    return {
      class: classNameOf(error.a$cls),
      message: exceptions.messageOf(error),
      ...positionAt(code, exceptions.offsetOf(thrown)),
      stack: framesFrom(amber, context, hidden),
    };
  }

  /** A terminated evaluation leaves its context behind: where it was. */
  #currentFrames(): string[] {
    const { amber } = this.#parts;
    const context = amber.core.getThisContext();
    return context == null ? [DO_IT] : framesFrom(amber, context, () => false);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
