/**
 * JSON that comes back as it was written. `JSON.parse` rounds numbers, makes null of those that are too large, keeps the
 * last of two members of one name, and takes halves of characters: what is to be stored is refused instead, by the rules
 * for JSON that every reader understands in the same way (I-JSON, RFC 7493, sections 2.1 to 2.3).
 */
import { formatPath } from './context-path.js';
import { isObject, type Json } from './json.js';

/** Valid JSON that would be stored as something else. */
export class InexactJson extends Error {
  override readonly name = 'InexactJson';

  constructor(
    /** Names and indices that lead to it; empty for the document itself. */
    readonly path: readonly string[],
    /** What stands in the text: a number, a name, half of a character. */
    readonly written: string,
    /** Without the place. */
    readonly reason: string,
  ) {
    super(path.length === 0 ? reason : `${formatPath(path)}: ${reason}`);
  }
}

/**
 * A number is exact when what `JSON.stringify` writes for it is numerically equal: `1.0`, `1e2` and `0.1` are,
 * `12345678901234567890`, `0.1234567890123456789` and `1e400` are not. -0 is 0.
 * @throws {InexactJson} for a number, a repeated name, or a lone surrogate that would not come back
 * @throws {SyntaxError} when it is no JSON at all
 */
export function parseExactJson(text: string): Json {
  const value: Json = JSON.parse(text);
  new ExactnessCheck(text).run();
  return value;
}

/**
 * The same for a value that is about to be written. A member that is undefined is none; what has a `toJSON` stands for what
 * that gives.
 * @throws {InexactJson} for what `JSON.stringify` would change, or leave out, without a word
 */
export function requireExact(value: unknown, path: readonly string[] = []): void {
  const { toJSON } = Object(value) as { toJSON?: unknown };
  const given: unknown = typeof toJSON === 'function' ? toJSON.call(value, path.at(-1) ?? '') : value;
  if (typeof given === 'number' && !Number.isFinite(given)) {
    throw new InexactJson(path, String(given), `${given} would become null`);
  }
  if (typeof given === 'string') requireWhole(given, path);
  if (['bigint', 'function', 'symbol'].includes(typeof given)) {
    throw new InexactJson(path, typeof given, `a ${typeof given} cannot be stored`);
  }
  if (Array.isArray(given)) {
    for (const [index, element] of given.entries()) {
      const place = [...path, String(index)];
      if (element === undefined) throw new InexactJson(place, 'undefined', 'undefined would become null');
      requireExact(element, place);
    }
  } else if (isObject(given)) {
    for (const [name, inner] of Object.entries(given)) {
      requireWhole(name, [...path, name]);
      requireExact(inner, [...path, name]);
    }
  }
}

function requireWhole(text: string, path: readonly string[]): void {
  const half = halfIn(text);
  if (half !== undefined) throw new InexactJson(path, half, halfReason(half));
}

/** @returns half of a surrogate pair as an escape, undefined where there is none. */
function halfIn(text: string): string | undefined {
  const [half] = LONE_SURROGATE.exec(text) ?? [];
  return half === undefined ? undefined : `\\u${half.charCodeAt(0).toString(16)}`;
}

function halfReason(half: string): string {
  return `the text has half of a character (${half}), which cannot be stored`;
}

/** An object or array that is being read. */
interface Container {
  /** Undefined in an array. */
  readonly names: Set<string> | undefined;
  /** Name of the member, or index of the element, that is being read. */
  at: string;
  count: number;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A surrogate that is not half of a pair. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Characters of a number or a name that a message repeats. */
const QUOTED_LENGTH = 60;

/** Goes over the tokens of a text that is known to be JSON. */
class ExactnessCheck {
  readonly #open: Container[] = [];
  #index = 0;

  constructor(private readonly text: string) {}

  run(): void {
    while (this.#index < this.text.length) this.#token(this.text.charAt(this.#index));
  }

  #token(first: string): void {
    const inside = this.#open.at(-1);
    if (first === '"') this.#string(inside);
    else if (first === '-' || (first >= '0' && first <= '9')) this.#number();
    else {
      this.#punctuation(first, inside);
      this.#index += 1;
    }
  }

  #punctuation(mark: string, inside: Container | undefined): void {
    if (mark === '{') this.#open.push({ names: new Set(), at: '', count: 0 });
    else if (mark === '[') this.#open.push({ names: undefined, at: '0', count: 0 });
    else if (mark === '}' || mark === ']') this.#open.pop();
    else if (mark === ',' && inside !== undefined) {
      inside.count += 1;
      if (inside.names === undefined) inside.at = String(inside.count);
    }
  }

  #string(inside: Container | undefined): void {
    const start = this.#index;
    const value = JSON.parse(this.text.slice(start, this.#behindString())) as string;
    // Between two commas of an object, the name is the first string.
    const isName = inside?.names !== undefined && inside.names.size === inside.count;
    if (isName) {
      if (inside.names?.has(value)) this.#refuseRepeated(value);
      inside.at = value;
      inside.names?.add(value);
    }
    const half = halfIn(value);
    if (half !== undefined) throw this.#inexact(half, halfReason(half));
  }

  #behindString(): number {
    do {
      this.#index = this.text.indexOf('"', this.#index + 1);
    } while (this.#isEscaped());
    this.#index += 1;
    return this.#index;
  }

  #isEscaped(): boolean {
    let backslashes = 0;
    while (this.text.charAt(this.#index - 1 - backslashes) === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  #number(): void {
    NUMBER.lastIndex = this.#index;
    const written = (NUMBER.exec(this.text) as RegExpExecArray)[0];
    this.#index += written.length;
    const stored = JSON.stringify(Number(written));
    if (stored !== 'null' && decimal(stored) === decimal(written)) return;
    const shown = quoted(written);
    throw this.#inexact(
      written,
      `the number ${shown} would become ${stored}; in quotes it is kept as a text: "${shown}"`,
    );
  }

  #refuseRepeated(name: string): never {
    (this.#open.at(-1) as Container).at = name;
    throw this.#inexact(name, `the name ${JSON.stringify(quoted(name))} is there twice; the first value would be lost`);
  }

  #inexact(written: string, reason: string): InexactJson {
    return new InexactJson(
      this.#open.map(({ at }) => at),
      written,
      reason,
    );
  }
}

/** Digits of an exponent that a double may need, with a wide margin: beyond, it is zero or infinite. */
const EXPONENT_DIGITS = 12;

/** @returns sign, digits without zeros at the ends, and the exponent of the last digit: equal for equal numbers. */
function decimal(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = whole + fraction;
  // By hand: an expression for zeros at the end takes quadratic time where there are many in the middle.
  let start = 0;
  let end = digits.length;
  while (digits.charAt(start) === '0') start += 1;
  while (end > start && digits.charAt(end - 1) === '0') end -= 1;
  if (start === end) return '0';
  if (exponent.length > EXPONENT_DIGITS) return number;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

function quoted(text: string): string {
  return text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
}
