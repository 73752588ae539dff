/**
 * Compiles evaluated code. It goes through Amber's own compiler with three of its parts replaced: names that are not
 * declared belong to the workspace, the last statement is the value, and every message sent notes its position in the
 * source, so that a runtime error can say where.
 */
import type { Amber, St } from './amber.js';
import { installClass, installMethods } from './install.js';
import { type Position, SourceError } from './source-error.js';
import { DO_IT } from './stack.js';
import { Workspace } from './workspace.js';

/** Parsed in front of the code, on a line of its own: Amber's parser knows methods only. */
const HEADER = `${DO_IT}\n`;

export type CompiledDoIt = () => St;

/** Pieces of code kept compiled, for scripts that send the same again and again, and their greatest length. */
const KEPT = 64;
const KEPT_LENGTH = 2_000;

interface Kept {
  readonly run: CompiledDoIt;
  readonly assigned: ReadonlySet<string>;
}

export class WorkspaceCompiler {
  readonly #amber: Amber;
  readonly #workspace: Workspace;
  readonly #classes: { generator: St };
  #assigned: ReadonlySet<string> = new Set();
  #current: St;
  #lineStarts: readonly number[] = [];
  /** Valid as long as the workspace has the same names. */
  readonly #kept = new Map<string, Kept>();
  #keptGeneration = 0;
  /** The line of the parsed text on which the user's code begins. */
  #firstLine = 1;

  constructor(amber: Amber, workspace: Workspace) {
    this.#amber = amber;
    this.#workspace = workspace;
    this.#classes = { generator: this.#installGenerator() };
  }

  /**
   * The code as a function that runs it.
   *
   * @throws {SourceError} when the code does not parse, or names what does not exist
   */
  compile(code: string): CompiledDoIt {
    const compiled = this.#keptFor(code) ?? this.#compile(code);
    for (const name of compiled.assigned) this.#workspace.declare(name);
    // Again, also where it was there: names that are new with it change what those kept before it mean, but not this one.
    this.#keep(code, compiled);
    return compiled.run;
  }

  /** Whether it is of use to compile this code ahead. */
  canPrepare(code: string): boolean {
    return code.length <= KEPT_LENGTH && this.#keptFor(code) === undefined;
  }

  /** Compiles code that is likely to be run next. @throws {SourceError} as `compile` does */
  prepare(code: string): void {
    this.#keep(code, this.#compile(code));
  }

  #keptFor(code: string): Kept | undefined {
    return this.#keptGeneration === this.#workspace.generation ? this.#kept.get(code) : undefined;
  }

  #keep(code: string, compiled: Kept): void {
    if (this.#keptGeneration !== this.#workspace.generation || this.#kept.size >= KEPT) this.#kept.clear();
    this.#keptGeneration = this.#workspace.generation;
    if (code.length <= KEPT_LENGTH) this.#kept.set(code, compiled);
  }

  #compile(code: string): Kept {
    const { globals } = this.#amber;
    const node = this.parse(HEADER + code, HEADER.length);
    this.#answerLastStatement(node);
    const assigned = assignedNames(node);
    for (const name of assigned) if (this.#workspace.isSystemName(name)) assigned.delete(name);
    this.#assigned = assigned;
    this.#locate(code, 2);
    const generator = this.#classes.generator._new();
    generator._source_(code);
    generator._currentClass_(globals.UndefinedObject);
    let compiled: St;
    try {
      compiled = generator._compileNode_(node);
    } catch (error) {
      throw this.#compileError(error);
    }
    this.#amber.core.registerSelectorsOf({ selector: DO_IT, messageSends: [...compiled._messageSends()] });
    const make = new Function(
      '$core',
      '$globals',
      'nil',
      '$nil',
      '$recv',
      '$boot',
      '$w',
      '$methodClass',
      `return ${compiled._compiledSource()}`,
    );
    const { core, nil, asReceiver, boot } = this.#amber;
    const run = make(core, globals, nil, nil, asReceiver, boot, this.#workspace, globals.UndefinedObject);
    return {
      run: () => {
        this.#workspace.at = 0;
        return run.call(nil);
      },
      assigned,
    };
  }

  /**
   * @param headerLength characters of `source` that are not the user's
   * @throws {SourceError} with the position relative to the user's part
   */
  parse(source: string, headerLength = 0): St {
    try {
      return this.#amber.parser.parse(source);
    } catch (error) {
      const { location, found, message } = error as { location?: St; found: string | null; message: string };
      if (location === undefined) throw error;
      const what = found === null ? 'end of input' : `character ${JSON.stringify(found)}`;
      const problem = location === undefined ? message : `Unexpected ${what}`;
      throw new SourceError('SyntaxError', problem, Math.max(0, location.start.offset - headerLength));
    }
  }

  /**
   * Compiles a method, adds it to a class or metaclass, and answers it.
   *
   * @throws {SourceError} as `compile` does
   */
  install(source: string, behavior: St, protocol: string): St {
    this.parse(source);
    this.#locate(source, 1);
    try {
      return this.#amber.globals.Compiler._new()._install_forClass_protocol_(source, behavior, protocol);
    } catch (error) {
      throw this.#compileError(error);
    }
  }

  #locate(source: string, firstLine: number): void {
    this.#lineStarts = lineStarts(source);
    this.#firstLine = firstLine;
  }

  #compileError(error: unknown): unknown {
    const thrown = error as St;
    if (thrown?.a$cls?._inheritsFrom_?.(this.#amber.globals.SemanticError) !== true) return error;
    return new SourceError(thrown.a$cls.name, problemOf(thrown), this.#offsetOf(this.#current));
  }

  /** Where a node starts, past the blanks and comments that Amber's grammar counts as its beginning. */
  #offsetOf(node: St): number {
    const position = node?.position;
    if (position?.y === undefined) return 0;
    const start = this.#lineStarts[position.x - this.#firstLine];
    const blank = /^(?:\s|"[^"]*")*/.exec(node.source ?? '');
    return (start ?? 0) + position.y - 1 + (blank?.[0].length ?? 0);
  }

  #answerLastStatement(node: St): void {
    const statements: St[] = node.sequenceNode._dagChildren();
    const last = statements.at(-1);
    const { ReturnNode, ValueNode } = this.#amber.globals;
    if (last === undefined) statements.push(ReturnNode._new()._expression_(ValueNode._new()._value_(null)));
    else if (last.a$cls !== ReturnNode) {
      statements[statements.length - 1] = ReturnNode._new()._expression_(last)._position_(last.position);
    }
    node.sequenceNode._dagChildren_(statements);
  }

  #installGenerator(): St {
    const amber = this.#amber;
    const { globals } = amber;
    const compiler = this;
    const analyzer = installClass(amber, 'StuiSemanticAnalyzer', globals.SemanticAnalyzer);
    const slot = installClass(amber, 'StuiWorkspaceVar', globals.SlotVar, ['alias']);
    const astTranslator = installClass(amber, 'StuiASTTranslator', globals.IRASTTranslator);
    const jsTranslator = installClass(amber, 'StuiJSTranslator', globals.IRInliningJSTranslator);
    const generator = installClass(amber, 'StuiCodeGenerator', globals.InliningCodeGenerator);
    installMethods(amber, slot, {
      alias() {
        return this.alias;
      },
    });
    installMethods(amber, generator, {
      semanticAnalyzer() {
        return analyzer._on_(this._currentClass());
      },
      translator() {
        return astTranslator._new()._source_(this._source())._theClass_(this._currentClass());
      },
      irTranslatorClass() {
        return jsTranslator;
      },
    });
    const visitVariable = globals.SemanticAnalyzer.fn.prototype._visitVariableNode_;
    installMethods(amber, globals.SemanticAnalyzer, {
      'visitVariableNode:'(node) {
        compiler.#current = node;
        return visitVariable.call(this, node);
      },
    });
    installMethods(amber, analyzer, {
      'bindUnscopedVariable:'(name: string) {
        return compiler.#bind(this, slot, name);
      },
    });
    installMethods(amber, globals.UnknownVariableError, {
      messageText() {
        return problemOf(this);
      },
    });
    const visitSend = globals.IRASTTranslator.fn.prototype._visitSendNode_;
    installMethods(amber, astTranslator, {
      'visitSendNode:'(node) {
        const send = visitSend.call(this, node);
        send.sourceOffset = compiler.#offsetOf(node);
        return send;
      },
    });
    installMethods(amber, jsTranslator, { 'visitSend:': translateSend });
    return generator;
  }

  #bind(analyzer: St, slot: St, name: string): St {
    const { globals } = this.#amber;
    const variable = (alias: string): St => Object.assign(slot._new()._name_(name), { alias });
    const known = this.#assigned.has(name) || this.#workspace.has(name);
    if (!Workspace.isGlobalName(name)) {
      if (known) return variable(`$w.values.${name}`);
      if (name in globalThis) return globals.ExternallyKnownVar._new()._name_(name);
      return analyzer._errorUnknownVariable_(name);
    }
    analyzer._classReferences()._add_(name);
    if (known) return variable(`$globals.${name}`);
    if (name in globals) return globals.ClassRefVar._new()._name_(name);
    // A class may be defined by an earlier statement of the same code: only running it can tell.
    return Object.assign(globals.ClassRefVar._new()._name_(name), { _alias: () => `$w.global("${name}")` });
  }
}

/**
 * `IRJSTranslator >> visitSend:`, with a note of the position slipped in after the last argument was evaluated and
 * before the message is sent.
 */
function translateSend(this: St, send: St): void {
  const args: St[] = send._arguments();
  const stream = this._stream();
  const noted = (instruction: St, visit: () => void): void => {
    const simple = instruction._isVariable() || instruction.a$cls.name === 'IRValue';
    const note = `$w.at=${send.sourceOffset}`;
    stream._nextPutAll_(simple ? `(${note},` : '[');
    visit();
    stream._nextPutAll_(simple ? ')' : `,${note}][0]`);
  };
  const receiver = send._receiver();
  const putReceiver = (): void => this._visitReceiver_(receiver);
  if (args.length > 0 || (receiver._asReceiver() != null && receiver._isSuper())) putReceiver();
  else noted(receiver, putReceiver);
  stream._nextPutAll_(`.${send._javaScriptSelector()}(`);
  args.forEach((each, index) => {
    if (index > 0) stream._nextPutAll_(',');
    if (index < args.length - 1) this._visit_(each);
    else noted(each, () => this._visit_(each));
  });
  stream._nextPutAll_(')');
}

function problemOf(error: St): string {
  const name = error.variableName;
  if (name === undefined) return String(error._messageText());
  switch (error.a$cls.name) {
    case 'UnknownVariableError':
      return `Unknown variable: ${name}`;
    case 'InvalidAssignmentError':
      return `Cannot assign to ${name}`;
    default:
      return `${name} is already declared in an outer scope`;
  }
}

/** Names that code assigns without declaring them as a temporary or an argument. */
function assignedNames(method: St): Set<string> {
  const found = new Set<string>();
  const walk = (node: St, declared: ReadonlySet<string>): void => {
    const scope = new Set(declared);
    for (const each of node.parameters ?? []) scope.add(each);
    for (const each of node.temps ?? []) scope.add(each);
    const left = node.a$cls?.name === 'AssignmentNode' ? node.left.identifier : undefined;
    if (left !== undefined && !scope.has(left) && !PSEUDO_VARIABLES.has(left)) found.add(left);
    const inner = node.sequenceNode === undefined ? node._dagChildren() : [node.sequenceNode];
    for (const child of inner) walk(child, scope);
  };
  walk(method, new Set());
  return found;
}

const PSEUDO_VARIABLES = new Set(['self', 'super', 'nil', 'true', 'false', 'thisContext']);

function lineStarts(code: string): number[] {
  const starts = [0];
  for (let index = code.indexOf('\n'); index !== -1; index = code.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}

/** The 1-based line and column of a place in a source. */
export function positionAt(source: string, offset: number): Position {
  const before = source.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: before.length - lastBreak };
}
