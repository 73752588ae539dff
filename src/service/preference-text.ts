/** Preferences as `config` shows them: a value in the form in which it can be set again. */
import { visibleLine } from '../cli/terminal-text.js';

export function preferenceText(value: unknown): string {
  return visibleLine(typeof value === 'string' ? value : JSON.stringify(value));
}
