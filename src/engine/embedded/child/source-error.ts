/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Code that cannot be compiled; `offset` is where, in characters from its beginning. */
export class SourceError extends Error {
  constructor(
    readonly smalltalkClass: string,
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}
