/** How an engine's process is started. Adapters differ in this only. */

export interface EngineCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /**
   * How the engine is interrupted: by SIGINT, or by the number of the call on file descriptor 4, which cannot hit the
   * wrong call or a moment when the engine is not prepared.
   */
  readonly interruptBy: 'signal' | 'pipe';
  /** One sentence on why the process ended, when its last words tell. */
  explainExit?(stderr: string): string | undefined;
}

/** Environment variable in which an engine's process finds its nonce, see `docs/engine-embedded.md`. */
export const NONCE_VARIABLE = 'STUI_ENGINE_NONCE';
