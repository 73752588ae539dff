/** What happened in a simulation, as a hash, so that two runs of a seed can be compared; and as lines, for a person. */
/** Inside of a test runner's context each look at a global goes a long way. */
const { imul, round } = Math;

export class Trace {
  #hash = 0x811c9dc5;

  constructor(private readonly print?: (line: string) => void) {}

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  note(now: number, what: string): void {
    // FNV-1a, over the time in microseconds and the text.
    this.#mix(round(now * 1000) | 0);
    for (let at = 0; at < what.length; at++) this.#mix(what.charCodeAt(at));
    this.print?.(`${now.toFixed(3).padStart(12)}  ${what}`);
  }

  #mix(value: number): void {
    this.#hash = imul(this.#hash ^ value, 0x01000193);
  }
}
