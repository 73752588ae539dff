/** What the commands that change a context have in common: both scopes, and what they say about the change. */
import { loadStyle, type Style } from '../../cli/style.js';
import { visibleLine } from '../../cli/terminal-text.js';
import { formatPath } from '../../session/context-path.js';
import type { JsonObject } from '../../session/json.js';
import { applyMergePatch } from '../../session/merge-patch.js';
import { BackendCommand } from '../backend-command.js';
import { deliveryRemark } from '../session-text.js';
import type { Workplace } from '../workplace.js';
import { type Change, type ChangeResult, changeContext } from './change.js';
import { conflictsMet } from './conflict-text.js';
import type { Scope } from './effective.js';
import { type ChangeFlags, conditionsOf, refuseWithUserScope } from './flags.js';
import { checkedPatch } from './input.js';

/** Of the user's context: `session`, `key` and `revision` are null. */
export type ContextChangeResult = { readonly scope: Scope } & (
  | ChangeResult
  | (Omit<ChangeResult, 'session' | 'key'> & { readonly session: null; readonly key: null })
);

type Flags = ChangeFlags & {
  readonly scope: Scope;
  readonly session?: string | undefined;
  readonly connection?: string | undefined;
  readonly autostart: boolean;
};

/** Places that are named one by one. */
const MOST_NAMED = 3;

export abstract class ChangeCommand extends BackendCommand<ContextChangeResult> {
  #paths: readonly string[] = [];

  protected async change(flags: Flags, change: Pick<Change, 'paths' | 'patch'>): Promise<ContextChangeResult> {
    const workplace = this.workplace(flags);
    this.#paths = change.paths.map(formatPath);
    if (flags.scope === 'user') {
      refuseWithUserScope({ ...flags }, ['session', 'base', 'if-revision', 'key', 'offline']);
      return changeUserContext(workplace, change.patch);
    }
    const session = workplace.sessionReference(flags.session);
    const result = await changeContext(workplace, { ...change, ...conditionsOf(flags), session });
    if (result.outcome === 'conflict') this.exitAs('conflict');
    if (result.outcome === 'queued') this.exitAs('queued');
    return { scope: 'session', ...result };
  }

  protected override async render(result: ContextChangeResult, style: Style): Promise<string> {
    const { outcome, conflicts, delivered, scope, revision } = result;
    for (const entry of delivered) this.remark(deliveryRemark(entry));
    const more = this.#paths.length - MOST_NAMED;
    const what = `${this.#paths.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    switch (outcome) {
      case 'unchanged':
        return 'There is nothing to change.';
      case 'queued':
        this.remark(`stui: the backend cannot be reached; the change of ${what} is kept and will be delivered, once`);
        return '';
      case 'conflict':
        this.remarkInStyle(conflictsMet(conflicts, await this.#stderrStyle()));
        return '';
      case 'changed': {
        const where = scope === 'user' ? 'for all sessions' : `at revision ${revision}`;
        return `Changed ${style.name(visibleLine(what))} ${where}`;
      }
    }
  }

  #stderrStyle(): Promise<Style> {
    return loadStyle({ env: process.env, isTTY: process.stderr.isTTY === true });
  }
}

async function changeUserContext(workplace: Workplace, make: Change['patch']): Promise<ContextChangeResult> {
  let patch: JsonObject = {};
  const context = await workplace.local.userContext.update((present) => {
    patch = checkedPatch(make, present);
    return applyMergePatch(present, patch) as JsonObject;
  });
  const outcome = Object.keys(patch).length === 0 ? 'unchanged' : 'changed';
  return {
    scope: 'user',
    session: null,
    key: null,
    revision: null,
    outcome,
    patch,
    context,
    conflicts: [],
    delivered: [],
  };
}
