/** Amber with everything the engine adds, ready to take requests. It holds no file, socket or timer. */
import type { BindingInfo, Capture, EvaluateReply, EvaluateRequest, RestoreReply } from '../../contract.js';
import { type Amber, loadAmber } from './amber.js';
import { installClassDefinitions } from './class-definitions.js';
import { WorkspaceCompiler } from './compiler.js';
import { DIALECT_SOURCE, installDialect } from './dialect/dialect.js';
import { Evaluator } from './evaluator.js';
import { Exceptions } from './exceptions.js';
import { FileIn } from './file-in.js';
import { installGlobals } from './globals.js';
import { sizeOf } from './inspect.js';
import { Interrupts } from './interrupts.js';
import { installPrinting, Printer } from './printing.js';
import { classNameOf } from './stack.js';
import { Capturer } from './state/capturer.js';
import { ClassTracker } from './state/classes.js';
import { Restorer } from './state/restorer.js';
import { ObjectIds } from './state/walk.js';
import { installTranscript, TranscriptBuffer } from './transcript.js';
import { Workspace } from './workspace.js';

/** Characters of a binding's print string in a list of bindings. */
const BINDING_PRINT_LIMIT = 200;

/** For printing one binding, which may run user code. */
const BINDING_PRINT_TIMEOUT_MS = 500;

export class Image {
  readonly #amber: Amber;
  readonly #workspace: Workspace;
  readonly #printer: Printer;
  readonly #evaluator: Evaluator;
  readonly #capturer: Capturer;
  readonly #restorer: Restorer;
  readonly #interrupts: Interrupts;

  static async load(): Promise<Image> {
    return new Image(await loadAmber());
  }

  private constructor(amber: Amber) {
    const transcript = new TranscriptBuffer();
    const workspace = new Workspace(amber);
    const printer = new Printer(amber);
    const ids = new ObjectIds();
    const exceptions = new Exceptions(amber, workspace, transcript);
    installDialect(amber, printer);
    installPrinting(amber, printer);
    installTranscript(amber, transcript);
    installGlobals(amber, workspace);
    const compiler = new WorkspaceCompiler(amber, workspace);
    installClassDefinitions(amber, compiler);
    const fileIn = new FileIn(amber, compiler);
    fileIn.load(DIALECT_SOURCE);
    const classes = new ClassTracker(amber, compiler);
    this.#amber = amber;
    this.#interrupts = new Interrupts(amber);
    this.#workspace = workspace;
    this.#printer = printer;
    this.#evaluator = new Evaluator({ amber, workspace, compiler, fileIn, printer, transcript, exceptions });
    this.#capturer = new Capturer(amber, workspace, classes, ids);
    this.#restorer = new Restorer(amber, workspace, classes, this.#capturer, ids);
  }

  /** Opens the pipe on which interrupts arrive. */
  connect(): void {
    this.#interrupts.connect();
  }

  /** @param id by which the evaluation can be interrupted */
  evaluate(request: EvaluateRequest, id = 0): EvaluateReply {
    const evaluation = this.#interrupts.during(id, () => this.#evaluator.evaluate(request));
    const captured = this.#capturer.capture('changes', request.budget);
    return captured === undefined ? evaluation : { ...evaluation, ...captured };
  }

  prepare(code: string): void {
    this.#evaluator.prepare(code);
  }

  capture(kind: 'full' | 'changes'): Capture | undefined {
    return this.#capturer.capture(kind)?.capture;
  }

  restore(captures: readonly string[]): RestoreReply {
    return this.#restorer.restore(captures);
  }

  bindings(): BindingInfo[] {
    const unsaved = this.#capturer.unsavedReasons();
    return this.#workspace.names().map((name) => {
      const value = this.#workspace.get(name);
      const unsavedReason = unsaved.get(name);
      const size = this.#guarded(() => sizeOf(this.#amber, value));
      return {
        name,
        class: classNameOf(this.#amber.asReceiver(value).a$cls),
        printString: this.#printedBinding(value),
        ...(size === undefined ? {} : { size }),
        ...(unsavedReason === undefined ? {} : { unsavedReason }),
      };
    });
  }

  #printedBinding(value: unknown): string {
    const printed = this.#guarded(() => this.#printer.print(value, BINDING_PRINT_LIMIT));
    return printed ?? `${classNameOf(this.#amber.asReceiver(value).a$cls)}, whose printString failed`;
  }

  /** Asks an object something that its class may answer with code of the session. @returns undefined when that fails */
  #guarded<T>(ask: () => T): T | undefined {
    try {
      return this.#evaluator.timed(BINDING_PRINT_TIMEOUT_MS, ask);
    } catch {
      return undefined;
    }
  }
}
