#!/usr/bin/env node
'use strict'
// Runs on any Node so that an old one gets a sentence instead of a crash: the native SQLite binary ends a process on
// Node 20 without a word. Only syntax that Node 10 knows stands here.
const needed = [22, 18]
const running = process.versions.node.split('.').map(Number)
if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  const message = 'Node.js 22.18 or newer is needed, this is ' + process.versions.node
  const hint = 'Install Node.js 22.18 or newer, or set quantumAdmin.daemon.node to one.'
  if (process.argv.indexOf('--json') === -1) {
    process.stderr.write('quantum-admin: ' + message + '\ncode: node-too-old\nhelp: ' + hint + '\n')
  } else {
    const error = {
      code: 'node-too-old',
      message: message,
      hint: hint,
      docs: require('path').join(__dirname, '..', 'docs', 'errors', 'node-too-old.md'),
    }
    process.stderr.write(JSON.stringify({ error: error }) + '\n')
  }
  process.exitCode = 1
} else {
  require('../dist/cli.cjs')
}
