/** A workplace that answers from functions, and notes what it was asked. */
import type { InterimReply } from '../../src/protocol/envelope.js';
import { Workplace } from '../../src/service/workplace.js';

type OnInterim = ((reply: InterimReply) => void) | undefined;

// biome-ignore lint/suspicious/noExplicitAny: what is asked and answered is what the tests check.
type Answers = Readonly<Record<string, (parameters: any, onInterim: OnInterim) => unknown>>;

export interface Asked {
  readonly workplace: Workplace;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly questions: { readonly command: string; readonly parameters: any }[];
  /** What was said besides the results. */
  readonly warnings: string[];
}

/**
 * @param home a directory of its own
 * @param connection the default one when not given
 */
export function askedWorkplace(home: string, answers: Answers, connection?: string): Asked {
  const questions: Asked['questions'] = [];
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const workplace = new Workplace({ env: { STUI_HOME: home, HOME: home }, connection, autostart: false, warn });
  const ask = async (command: string, parameters: unknown, _timeoutMs?: number, onInterim?: OnInterim) => {
    questions.push({ command, parameters });
    const answer = answers[command];
    if (!answer) throw new Error(`Nobody answers ${command}`);
    return answer(parameters, onInterim);
  };
  Object.defineProperty(workplace, 'ask', { value: ask });
  Object.defineProperty(workplace, 'client', { value: async () => undefined, configurable: true });
  return { workplace, questions, warnings };
}
