/** What code writes to the Transcript, collected for the evaluation's reply. */
import type { Amber, St } from './amber.js';
import { installMethods } from './install.js';

/** In characters. A loop that writes without end must not exhaust the engine's memory or drown the client. */
const TRANSCRIPT_LIMIT = 1_000_000;

export class TranscriptBuffer {
  #parts: string[] = [];
  #length = 0;

  write(text: string): void {
    if (this.#length >= TRANSCRIPT_LIMIT) return;
    const part = text.slice(0, TRANSCRIPT_LIMIT - this.#length);
    this.#length += part.length;
    this.#parts.push(part);
    if (this.#length >= TRANSCRIPT_LIMIT) this.#parts.push('\n... the Transcript is full\n');
  }

  take(): string {
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}

/** Makes `Transcript` write to `buffer`, and adds the messages other Smalltalks have. */
export function installTranscript(amber: Amber, buffer: TranscriptBuffer): void {
  const { globals, asReceiver } = amber;
  const show = (value: St): void => buffer.write(String(asReceiver(value)._asString()));
  const printed = (value: St): void => buffer.write(String(asReceiver(value)._printString()));
  installMethods(amber, globals.Transcript.a$cls, {
    'show:'(value) {
      show(value);
      return this;
    },
    'nextPutAll:'(value) {
      show(value);
      return this;
    },
    'nextPut:'(value) {
      show(value);
      return this;
    },
    'print:'(value) {
      printed(value);
      return this;
    },
    'display:'(value) {
      show(value);
      return this;
    },
    'displayNl:'(value) {
      show(value);
      buffer.write('\n');
      return this;
    },
    'showCr:'(value) {
      show(value);
      buffer.write('\n');
      return this;
    },
    'showln:'(value) {
      show(value);
      buffer.write('\n');
      return this;
    },
    'crShow:'(value) {
      buffer.write('\n');
      show(value);
      return this;
    },
    cr() {
      buffer.write('\n');
      return this;
    },
    nl() {
      buffer.write('\n');
      return this;
    },
    lf() {
      buffer.write('\n');
      return this;
    },
    tab() {
      buffer.write('\t');
      return this;
    },
    space() {
      buffer.write(' ');
      return this;
    },
    flush() {
      return this;
    },
    clear() {
      return this;
    },
    endEntry() {
      return this;
    },
  });
  installMethods(amber, globals.Object, {
    printNl() {
      printed(this);
      buffer.write('\n');
      return this;
    },
    displayNl() {
      buffer.write(`${String(this._displayString())}\n`);
      return this;
    },
    displayString() {
      return this._printString();
    },
  });
  installMethods(amber, globals.String, {
    printNl() {
      printed(this);
      buffer.write('\n');
      return this;
    },
    displayString() {
      return String(this);
    },
  });
}
