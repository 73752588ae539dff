/** A session's inputs as files for people: a Smalltalk source to file in elsewhere, and a Markdown page to read. */
import type { Evaluation } from './evaluation.js';
import type { SessionState } from './state.js';

/** @returns the inputs that gave a value, as chunks, oldest first, each below a comment that says where it comes from. */
export function exportSmalltalk(state: SessionState, evaluations: readonly Evaluation[]): string {
  const chunks = evaluations
    .filter((evaluation) => evaluation.outcome === 'value')
    .map((evaluation) => {
      const comment = `"${evaluation.time}, revision ${evaluation.revision}"`;
      // A file-in is in chunk format already; doubling its separators would make it something else.
      const code = isChunkFormat(evaluation.code) ? evaluation.code.trimEnd() : `${escapeChunk(evaluation.code)}!`;
      return `${comment}!\n${code}`;
    });
  const title = `"Session ${escapeComment(state.name)} (${state.id}), revision ${state.revision}"!`;
  return `${[title, ...chunks].join('\n\n')}\n`;
}

/** @returns a page with every input, what it printed and what it answered. */
export function exportMarkdown(state: SessionState, evaluations: readonly Evaluation[]): string {
  const labels = Object.entries(state.labels).map(([name, value]) => `${name}=${value}`);
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
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

function escapeChunk(code: string): string {
  return code.replaceAll('!', '!!');
}

function escapeComment(text: string): string {
  return text.replaceAll('"', "'").replaceAll('!', '!!');
}

const LITERAL_OR_MARK = /'(?:[^']|'')*'|"[^"]*"|\$[\s\S]|(!)/g;

/** @returns whether a source holds a chunk separator outside strings, comments and character literals. */
export function isChunkFormat(code: string): boolean {
  for (const match of code.matchAll(LITERAL_OR_MARK)) if (match[1]) return true;
  return false;
}
