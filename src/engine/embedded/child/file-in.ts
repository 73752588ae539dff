/** Files in source in chunk format: class definitions, methods, comments and do-its, in the order they stand. */
import type { Amber, St } from './amber.js';
import { type FilePart, fileOffset, parseChunks } from './chunks.js';
import type { WorkspaceCompiler } from './compiler.js';

/** A chunk failed. The chunks before it have taken effect: a file-in is no transaction. */
export class FileInError extends Error {
  constructor(
    override readonly cause: unknown,
    readonly part: FilePart,
    readonly remark: string,
  ) {
    super(remark);
  }

  fileOffset(offset: number): number {
    return fileOffset(this.part, offset);
  }
}

export class FileIn {
  readonly #amber: Amber;
  readonly #compiler: WorkspaceCompiler;

  constructor(amber: Amber, compiler: WorkspaceCompiler) {
    this.#amber = amber;
    this.#compiler = compiler;
  }

  /**
   * @returns the value of the last do-it
   * @throws {FileInError} at the first chunk that fails
   */
  load(source: string): St {
    const parts = parseChunks(source);
    let value: St = this.#amber.nil;
    parts.forEach((part, index) => {
      try {
        value = this.#apply(part, value);
      } catch (error) {
        const remark =
          index === 0
            ? `the file-in stopped at the first of ${counted(parts.length)}; nothing was applied`
            : `the file-in stopped at chunk ${index + 1} of ${parts.length}; ${counted(index)} before it ` +
              `${index === 1 ? 'was' : 'were'} applied`;
        throw new FileInError(error, part, remark);
      }
    });
    return value;
  }

  #apply(part: FilePart, value: St): St {
    switch (part.kind) {
      case 'doIt':
        return this.#compiler.compile(part.text)();
      case 'method':
        this.#compiler.install(part.text, this.#behaviorNamed(part.behavior), part.protocol);
        return value;
      case 'comment':
        this.#behaviorNamed(part.behavior)._comment_(part.text);
        return value;
    }
  }

  #behaviorNamed(name: string): St {
    const [className = name, meta] = name.split(/\s+/);
    const found = this.#amber.globals[className];
    if (found?.a$cls === undefined || found.methods === undefined) {
      return this.#amber.globals.Error._signal_(`There is no class ${className}`);
    }
    return meta === 'class' ? found.a$cls : found;
  }
}

function counted(chunks: number): string {
  return chunks === 1 ? '1 chunk' : `${chunks} chunks`;
}
