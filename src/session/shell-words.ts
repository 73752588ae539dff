/** Reads a shell's commands as words, without running anything: what only a running shell can tell is marked, not guessed. */

export type Dialect = 'posix' | 'fish';

export interface Word {
  /** Without its quotes. */
  readonly text: string;
  /** It holds a variable or the output of a command, so `text` is not what the command got. */
  readonly dynamic: boolean;
}

export interface Reading {
  /** Those inside another one go before it, as they run before it. */
  readonly commands: readonly (readonly Word[])[];
  /** Index behind the line break that ends the commands. */
  readonly end: number;
  /** What the text ends within: a quote, a parenthesis, or `<<` for a document; undefined when it is complete. */
  readonly open: string | undefined;
}

/** Reads the commands that begin at `from`, up to the first line break that ends a command, or the end of the text. */
export function readCommands(text: string, from: number, dialect: Dialect): Reading {
  return new Reader(text, from, dialect).read();
}

/** Commands nest in substitutions and subshells; each level waits here while the one inside it is read. */
interface Level {
  /** What ends it; empty for the outermost. */
  readonly closer: string;
  words: Word[];
  word: { text: string; dynamic: boolean } | undefined;
  inDoubleQuotes: boolean;
  /** The word that comes is a file's name, or ends a document. */
  redirection: 'file' | 'document' | undefined;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** What a dollar sign stands before when it is not itself. */
const VARIABLE = /^[\p{L}\d_{?!@*#$-]/u;
const NUMERIC_ESCAPE = /x([\da-fA-F]{1,2})|(u[\da-fA-F]{1,4}|U[\da-fA-F]{1,8})|([0-7]{1,3})/y;

class Reader {
  readonly #text: string;
  readonly #dialect: Dialect;
  #at: number;
  readonly #commands: Word[][] = [];
  readonly #levels: Level[] = [newLevel('')];
  #documents: string[] = [];
  #open: string | undefined;

  constructor(text: string, from: number, dialect: Dialect) {
    this.#text = text;
    this.#at = from;
    this.#dialect = dialect;
  }

  read(): Reading {
    while (this.#at < this.#text.length) {
      if (this.#level.inDoubleQuotes) this.#readInDoubleQuotes();
      else if (this.#readPlain() === 'end') break;
    }
    const { closer, inDoubleQuotes } = this.#level;
    this.#open ??= inDoubleQuotes ? '"' : closer !== '' ? closer : undefined;
    while (this.#levels.length > 0) {
      const { word } = this.#level;
      // What never came belongs to it as well.
      if (word && this.#open !== undefined) word.dynamic = true;
      this.#endCommand();
      this.#levels.pop();
    }
    if (this.#documents.length > 0) this.#open ??= '<<';
    return { commands: this.#commands, end: this.#at, open: this.#open };
  }

  get #level(): Level {
    return this.#levels.at(-1) as Level;
  }

  #readPlain(): 'end' | undefined {
    const character = this.#text[this.#at] as string;
    this.#at += 1;
    switch (character) {
      case '\n':
        this.#endCommand();
        this.#skipDocuments();
        return this.#levels.length === 1 && this.#open === undefined ? 'end' : undefined;
      case ' ':
      case '\t':
      case '\r':
        this.#endWord();
        break;
      case ';':
      case '|':
      case '&':
        this.#endCommand();
        break;
      case '#':
        if (this.#level.word) this.#append(character);
        else this.#skipTo('\n');
        break;
      case "'":
        this.#readSingleQuoted();
        break;
      case '"':
        this.#append('');
        this.#level.inDoubleQuotes = true;
        break;
      case '\\':
        this.#readEscape();
        break;
      case '$':
        this.#readDollar();
        break;
      case '(':
        if (this.#dialect === 'fish') this.#substitute(')');
        else {
          this.#endCommand();
          this.#levels.push(newLevel(')'));
        }
        break;
      case ')':
        this.#close(')');
        break;
      case '`':
        if (this.#dialect === 'fish') this.#append(character);
        else if (this.#level.closer === '`') this.#close('`');
        else this.#substitute('`');
        break;
      case '<':
      case '>':
        this.#readRedirection(character);
        break;
      default:
        this.#append(character);
    }
    return undefined;
  }

  #readInDoubleQuotes(): void {
    const character = this.#text[this.#at] as string;
    this.#at += 1;
    if (character === '"') this.#level.inDoubleQuotes = false;
    else if (character === '$') this.#readDollar();
    else if (character === '`' && this.#dialect === 'posix') this.#substitute('`');
    else if (character === '\\') {
      if (this.#take('\n') === undefined)
        this.#append(this.#take(this.#dialect === 'fish' ? '\\"$' : '\\"$`') ?? character);
    } else this.#append(character);
  }

  #readSingleQuoted(): void {
    if (this.#dialect === 'fish') {
      this.#readEscapedUpToQuote(() => this.#take("'\\"));
      return;
    }
    const start = this.#at;
    this.#skipTo("'");
    this.#append(this.#text.slice(start, this.#at));
    if (this.#at === this.#text.length) this.#open = "'";
    this.#at += 1;
  }

  /** A quoted piece in which backslashes mean something; `readEscape` goes past what stands behind one, or answers undefined. */
  #readEscapedUpToQuote(readEscape: () => string | undefined): void {
    this.#append('');
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] as string;
      this.#at += 1;
      if (character === "'") return;
      this.#append(character === '\\' ? (readEscape() ?? character) : character);
    }
    this.#open = "'";
  }

  #readEscape(): void {
    if (this.#take('\n') !== undefined) return;
    const special = this.#dialect === 'fish' ? (this.#numericEscape() ?? this.#simpleEscape()) : undefined;
    this.#append(special ?? this.#take() ?? '\\');
  }

  #simpleEscape(): string | undefined {
    const character = SIMPLE_ESCAPES[this.#text[this.#at] ?? ''];
    if (character !== undefined) this.#at += 1;
    return character;
  }

  #numericEscape(): string | undefined {
    NUMERIC_ESCAPE.lastIndex = this.#at;
    const match = NUMERIC_ESCAPE.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    const [, hex, unicode = '', octal] = match;
    if (unicode === '') {
      const byte = Number.parseInt(hex ?? octal ?? '', hex ? 16 : 8);
      if (byte <= 0x7f) return String.fromCharCode(byte);
    } else {
      const code = Number.parseInt(unicode.slice(1), 16);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
    }
    // Bytes beyond ASCII make characters only together with their neighbours.
    this.#append('', true);
    return '';
  }

  /** @returns the next character, gone past, if it is one of these; without an argument whatever it is. */
  #take(characters?: string): string | undefined {
    const next = this.#text[this.#at];
    if (next === undefined || characters?.includes(next) === false) return undefined;
    this.#at += 1;
    return next;
  }

  #readDollar(): void {
    const quotes = !this.#level.inDoubleQuotes && this.#dialect === 'posix';
    if (this.#take('(') !== undefined) this.#substitute(')');
    else if (quotes && this.#take("'") !== undefined) {
      this.#readEscapedUpToQuote(() => this.#numericEscape() ?? this.#simpleEscape() ?? this.#take('\\\'"?'));
    } else if (!quotes || this.#text[this.#at] !== '"') {
      this.#append('$', VARIABLE.test(this.#text.slice(this.#at, this.#at + 2)));
    }
  }

  #readRedirection(first: string): void {
    const { word } = this.#level;
    // The digits in front are the number of a file, not a word.
    if (word && /^\d+$/.test(word.text)) this.#level.word = undefined;
    this.#endWord();
    if (this.#take('(') !== undefined) {
      this.#substitute(')');
      return;
    }
    let operator = first;
    for (let next = this.#take('<>&|-'); next !== undefined; next = this.#take('<>&|-')) operator += next;
    this.#level.redirection = operator === '<<' || operator === '<<-' ? 'document' : 'file';
    // `>&-` closes a file, and names none.
    if (operator.endsWith('&-')) this.#level.redirection = undefined;
  }

  #append(text: string, dynamic = false): void {
    const level = this.#level;
    level.word ??= { text: '', dynamic: false };
    level.word.text += text;
    level.word.dynamic ||= dynamic;
  }

  #substitute(closer: string): void {
    this.#append('', true);
    this.#levels.push(newLevel(closer));
  }

  #close(closer: string): void {
    this.#endCommand();
    if (this.#level.closer === closer) this.#levels.pop();
  }

  #endWord(): void {
    const level = this.#level;
    const { word, redirection } = level;
    if (!word) return;
    level.word = undefined;
    level.redirection = undefined;
    if (redirection === 'document') this.#documents.push(word.text);
    else if (redirection === undefined) level.words.push(word);
  }

  #endCommand(): void {
    this.#endWord();
    const level = this.#level;
    level.redirection = undefined;
    if (level.words.length > 0) this.#commands.push(level.words);
    level.words = [];
  }

  #skipDocuments(): void {
    for (const delimiter of this.#documents.splice(0)) {
      let line: string;
      do {
        if (this.#at >= this.#text.length) {
          this.#open = '<<';
          return;
        }
        const start = this.#at;
        this.#skipTo('\n');
        line = this.#text.slice(start, this.#at);
        this.#at += 1;
      } while (line.replace(/^\t+/, '') !== delimiter);
    }
  }

  #skipTo(character: string): void {
    const index = this.#text.indexOf(character, this.#at);
    this.#at = index === -1 ? this.#text.length : index;
  }
}

function newLevel(closer: string): Level {
  return { closer, words: [], word: undefined, inDoubleQuotes: false, redirection: undefined };
}
