/** Splits a byte stream into the JSON values it carries, one a line. */
import { StringDecoder } from 'node:string_decoder';

export class JsonLines {
  readonly #decoder = new StringDecoder('utf8');
  /** The line under way, in pieces: joining at every read would make a 20 MB line quadratic. */
  #pieces: string[] = [];

  /** The texts of the lines that `bytes` completes. */
  push(bytes: Buffer): string[] {
    const lines = this.#decoder.write(bytes).split('\n');
    const rest = lines.pop() as string;
    if (lines.length > 0) {
      lines[0] = this.#pieces.join('') + lines[0];
      this.#pieces = [];
    }
    if (rest !== '') this.#pieces.push(rest);
    return lines.filter((line) => line.trim() !== '');
  }
}
