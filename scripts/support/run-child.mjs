import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';

/** npm passes a signal on to its script although the terminal has sent it to the whole group: the echo is dropped. */
const ECHO_MS = 500;

/**
 * Runs a program in our place: its stdin, stdout and stderr are ours, signals pass through, and its end is our end.
 * @param {string} file @param {readonly string[]} args @param {string} [cwd] ours when not given
 * @returns {Promise<number>} the exit code; 128 + n when signal n ended it, as shells say it
 */
export function runInPlace(file, args, cwd = process.cwd()) {
  const child = spawn(file, args, { stdio: 'inherit', cwd });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** @param {import('node:child_process').ChildProcess} child @returns {() => void} stops forwarding */
function forwardSignals(child) {
  const lastMs = { SIGINT: -Infinity, SIGTERM: -Infinity };
  const forward = (signal) => {
    const nowMs = performance.now();
    const isEcho = nowMs - lastMs[signal] < ECHO_MS;
    lastMs[signal] = nowMs;
    if (isEcho || (signal === 'SIGINT' && isForegroundOfTerminal())) return;
    child.kill(signal);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return () => {
    process.off('SIGINT', forward);
    process.off('SIGTERM', forward);
  };
}

/**
 * True when Ctrl-C reaches the child without us: we stand in the foreground group of a terminal, and so does it.
 * Linux tells it exactly, even with all three streams redirected; elsewhere a terminal on a stream has to do.
 */
function isForegroundOfTerminal() {
  try {
    // proc(5): pid (comm) state ppid pgrp session tty_nr tpgid ...; comm may hold spaces and parentheses.
    const text = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , terminal, foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && group === foreground;
  } catch {
    return Boolean(process.stdin.isTTY || process.stdout.isTTY);
  }
}
