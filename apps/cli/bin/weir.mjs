#!/usr/bin/env node
// Plain JavaScript that any Node reads: starts the CLI on Node >= 24, the one that came through npm if need be.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const requiredMajor = 24;

// For this process and those that it starts: what is compiled already needs no TypeScript compiler, which takes some 25 MB in
// each. Not in the system's temporary folder, where others could put code.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../../.weir/compile-cache', import.meta.url));

if (process.env.npm_command && !process.connected) endWithShell();

if (major(process.versions.node) >= requiredMajor) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import('../src/main.ts');
} else {
  const bundled = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
  // The guard variable stops a loop should the bundled Node itself be too old.
  if (!existsSync(bundled) || process.env.WEIR_NODE_FROM_NPM) {
    console.error(
      `weir needs Node ${requiredMajor} or newer; this is ${process.versions.node}.\n` +
        'Cure: run `npm ci` in the repository (it brings Node 24 for Linux on x64 and arm64), or install Node 24: https://nodejs.org',
    );
    process.exit(64);
  }
  runOn(bundled);
}

/** Becomes a stand-in for the same command on another Node: same streams, same signals, same exit code, same end. */
function runOn(node) {
  const child = spawn(node, process.argv.slice(1), {
    // The channel tells it when this process is killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, WEIR_NODE_FROM_NPM: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`weir: ${node} does not start: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

/** Under npm there is a shell in between: npm passes its SIGINT and SIGTERM on to that, which dies of them and tells nobody. */
function endWithShell() {
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 250).unref();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      // Still loading, so nobody else listens: this listener must not swallow the signal.
      if (process.listenerCount(signal) === 1) process.exit(130);
      // Told already, as by Ctrl-C: a second signal would cut its end short.
      clearInterval(timer);
    });
}

function major(version) {
  return Number(version.split('.')[0]);
}
