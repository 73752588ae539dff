import { StuiCommand } from './base-command.js';
import { writeJsonLine } from './output.js';
import type { Style } from './style.js';

/**
 * A command that prints records as they come. With `--json` every record is one line of compact JSON (NDJSON), and so is
 * the failure that may end the stream.
 */
export abstract class StreamCommand<R> extends StuiCommand<void> {
  protected override readonly jsonForm = 'line';

  /** The records, as they come. Ending the iteration ends the command. */
  protected abstract records(): AsyncIterable<R>;

  /** Says one record to a person. Nothing is printed when it is empty. */
  protected abstract renderRecord(record: R, style: Style): string;

  protected override async execute(): Promise<void> {
    const json = this.jsonEnabled();
    const style = await this.stdoutStyle();
    for await (const record of this.records()) {
      if (json) await writeJsonLine(record);
      else await this.writeText(this.renderRecord(record, style));
    }
  }

  override async run(): Promise<void> {
    await this.execute();
  }

  protected override render(): string {
    return '';
  }
}
