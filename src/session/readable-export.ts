/** A session's inputs as files for people: a Smalltalk source to file in elsewhere, and a Markdown page to read. */
import type { Evaluation } from './evaluation.js';
import type { SessionState } from './state.js';

/** @returns the inputs that gave a value, as chunks, oldest first, each below a comment that says where it comes from. */
export function exportSmalltalk(state: SessionState, evaluations: readonly Evaluation[]): string {
  const chunks = evaluations
    // An empty chunk is a sign of its own: it opens or ends a section.
    .filter((evaluation) => evaluation.outcome === 'value' && evaluation.code.trim() !== '')
    .map((evaluation) => {
      const comment = `"${escapeComment(evaluation.time)}, revision ${evaluation.revision}"`;
      // A file-in is in chunk format already; doubling its separators would make it something else.
      const code = isChunkFormat(evaluation.code) ? finished(evaluation.code) : `${escapeChunk(evaluation.code)}!`;
      return `${comment}!\n${code}`;
    });
  const title = `"Session ${escapeComment(state.name)} (${escapeComment(state.id)}), revision ${state.revision}"!`;
  return `${[title, ...chunks].join('\n\n')}\n`;
}

/** @returns a page with every input, what it printed and what it answered. */
export function exportMarkdown(state: SessionState, evaluations: readonly Evaluation[]): string {
  const labels = Object.entries(state.labels).map(([name, value]) => inlineCode(`${name}=${value}`));
  const parts = [
    `# ${state.name}`,
    [
      `- session: \`${state.id}\``,
      `- revision: ${state.revision}`,
      `- engine: ${state.engine}`,
      `- created: ${state.createdAt}`,
      ...(labels.length > 0 ? [`- labels: ${labels.join(', ')}`] : []),
    ].join('\n'),
  ];
  for (const evaluation of evaluations) {
    parts.push(`## ${evaluation.revision} · ${evaluation.time} · ${evaluation.outcome}`);
    parts.push(fenced('smalltalk', evaluation.code));
    if (evaluation.transcript) parts.push(`Transcript:\n\n${fenced('text', evaluation.transcript)}`);
    if (evaluation.printString !== null) parts.push(fenced('text', evaluation.printString));
    if (evaluation.error) parts.push(fenced('text', `${evaluation.error.class}: ${evaluation.error.message}`));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The fence is longer than any run of backticks inside, so that no content can close it (CommonMark, section 4.5). */
function fenced(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestBacktickRun(text) + 1));
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** The spaces inside the backticks are not shown (CommonMark, section 6.1). */
function inlineCode(text: string): string {
  const fence = '`'.repeat(longestBacktickRun(text) + 1);
  return `${fence} ${text.replaceAll(/\s+/g, ' ')} ${fence}`;
}

function longestBacktickRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

function escapeChunk(code: string): string {
  return code.replaceAll('!', '!!');
}

function escapeComment(text: string): string {
  return text.replaceAll('"', "'").replaceAll('!', '!!');
}

const LITERAL_OR_MARK = /'[^']*'|"[^"]*"|\$[\s\S]|!!|(!)/g;

/** @returns whether a source holds a chunk separator, which is not doubled, outside strings, comments and character literals. */
export function isChunkFormat(code: string): boolean {
  for (const match of code.matchAll(LITERAL_OR_MARK)) if (match[1]) return true;
  return false;
}

/** Where in a file a chunk stands: among expressions, behind the mark that opens a section, or inside a section of methods. */
type Place = 'code' | 'reader' | 'methods';

function placeAfter(chunk: string, place: Place): Place {
  const blank = chunk.trim() === '';
  if (place === 'methods') return blank ? 'code' : 'methods';
  if (place === 'reader') return /\bmethodsFor\b/.test(chunk) ? 'methods' : 'code';
  return blank ? 'reader' : 'code';
}

/** A file may end within its last chunk, and within a section of methods; what comes behind it must not get in there. */
function finished(file: string): string {
  let place: Place = 'code';
  let end = 0;
  for (const match of file.matchAll(LITERAL_OR_MARK)) {
    if (!match[1]) continue;
    place = placeAfter(file.slice(end, match.index), place);
    end = match.index + 1;
  }
  const rest = file.slice(end).trim();
  if (rest !== '') place = placeAfter(rest, place);
  return `${file.trimEnd()}${rest === '' ? '' : '!'}${place === 'methods' ? ' !' : ''}`;
}
