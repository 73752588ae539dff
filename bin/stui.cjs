#!/usr/bin/env node
'use strict';

/**
 * Looks whether this Node can run stui, and only then reads anything that needs it. This file alone is kept to what the
 * oldest Node in use can parse (ES5, no `node:` names), or that one would answer with a syntax error.
 */
if (parseInt(process.versions.node, 10) < 20) {
  console.error('stui: Node 20 or later is needed, this is', process.version);
  process.exit(1);
}
require('./launcher.cjs');
