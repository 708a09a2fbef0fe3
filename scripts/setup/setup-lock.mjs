// One set-up at a time. A directory is the lock, because making one is atomic everywhere; the owner's pid inside tells
// whether it was left behind by a set-up that was killed.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ASK_AGAIN_MS = 200;
/** A lock without an owner's name belongs to somebody who died between two system calls, once it is this old. */
const NAMELESS_MS = 5_000;

export async function withSetupLock(root, say, work) {
  const cache = join(root, '.cache');
  const lock = join(cache, 'setup.lock');
  const owner = `${process.pid} ${Date.now()}`;
  mkdirSync(cache, { recursive: true });
  let announced = false;
  while (!take(lock, owner)) {
    if (removeIfStale(lock, owner)) continue;
    if (!announced) say('waiting for another set-up of this folder');
    announced = true;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  const interrupted = () => {
    release();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupted);
  try {
    await work();
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupted);
    release();
  }
}

function take(lock, owner) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'owner'), owner);
  return true;
}

/**
 * Moves a dead owner's lock away. Two may see the same dead owner: the one that comes late would move the new owner's
 * lock, so it looks at what it moved and puts a living one back.
 */
function removeIfStale(lock, me) {
  const seen = ownerOf(lock);
  if (seen === undefined ? ageMs(lock) < NAMELESS_MS : isRunning(seen)) return false;
  const aside = `${lock}.${me.replace(' ', '-')}`;
  try {
    renameSync(lock, aside);
  } catch {
    return true;
  }
  if (ownerOf(aside) === seen) rmSync(aside, { recursive: true, force: true });
  else renameSync(aside, lock);
  return true;
}

function ownerOf(lock) {
  try {
    return readFileSync(join(lock, 'owner'), 'utf8') || undefined;
  } catch {
    return undefined;
  }
}

function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isRunning(owner) {
  try {
    process.kill(Number(owner.split(' ')[0]), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
