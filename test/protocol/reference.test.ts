import { describe, expect, it } from '@jest/globals';
import { COMMANDS } from '../../src/protocol/commands.js';
import { ERROR_TYPES } from '../../src/protocol/errors.js';
import * as limits from '../../src/protocol/limits.js';
import { renderProtocolReference } from '../../src/protocol/reference.js';
import { CAPABILITIES } from '../../src/protocol/version.js';

const text = renderProtocolReference();
const rows = text.split('\n').filter((line) => line.startsWith('| '));

/** The section of a command. */
const section = (name: string): string => text.split(`\n### ${name}\n`)[1]?.split(/\n##/)[0] ?? '';

describe('the protocol reference', () => {
  it.each(Object.keys(COMMANDS))('has a section on %s', (name) => {
    expect(section(name)).toMatch(/^\n[A-Z].*\.( \*Published\.\*)?\n/);
  });

  it('is the same each time', () => {
    expect(renderProtocolReference()).toBe(text);
  });

  it('has no empty cells, and as many cells in every row as in its head', () => {
    expect(rows.length).toBeGreaterThan(100);
    for (const table of text
      .trim()
      .split('\n\n')
      .filter((block) => block.startsWith('| '))) {
      const cells = table.split('\n').map((row) => row.replaceAll('\\|', '').split('|').slice(1, -1));
      for (const row of cells) {
        expect(row).toHaveLength(cells[0]?.length as number);
        for (const cell of row) expect(cell.trim()).not.toBe('');
      }
    }
  });

  it('names the kind of every field as JSON knows it', () => {
    const kinds = /^(`[^`]+`(, `[^`]+`)*|string|number|boolean|object|any|array of .+|object of .+)( or null)?$/;
    const fields = rows.filter((row) => row.split('|').length === 5 && !/^\| (Parameter|Result|---)/.test(row));
    expect(fields.length).toBeGreaterThan(100);
    for (const row of fields) expect(row.split('|')[2]?.trim()).toMatch(kinds);
  });

  it('says which parameters are optional, and what nested fields are called', () => {
    expect(section('create_session')).toContain('| `client_id` | string | Who asks.');
    expect(section('create_session')).toContain('| `labels` | object of string | Optional. Labels. |');
    expect(section('label_session')).toContain('| `labels` | object of string or null | ');
    expect(section('update_session_state')).toContain('| `state_data` | object of any | The patch. ');
    expect(section('list_client_sessions')).toContain('| `sessions[].session_id` | string |');
    expect(section('evaluate')).toContain('| `evaluation.error.class` | string |');
    expect(section('ping')).not.toContain('Errors:');
    expect(section('delete_session')).toContain('Errors: `SessionNotFound`, `AmbiguousSession`, ');
  });

  it('lists every error, limit and capability', () => {
    for (const [type, meaning] of Object.entries(ERROR_TYPES)) expect(text).toContain(`| \`${type}\` | ${meaning} |`);
    for (const value of Object.values(limits)) expect(text).toContain(`| ${value.toLocaleString('en')} |`);
    for (const name of CAPABILITIES) expect(text).toContain(`\`${name}\``);
  });

  it('names the errors that every command can answer', () => {
    expect(text).toContain('Every command can also answer `InvalidParameters`, `ShuttingDown`, `RuntimeError`.');
  });
});
