import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Where PostgreSQL's server programs are; null when none is installed. */
export function postgresPrograms(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((v) => join(debian, v, 'bin')), ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/**
 * The URL of the test run's own server (user `postgres`, no password), started by whoever asks first: all test files of
 * one run are children of the same runner and share it.
 */
export async function sharedPostgres(): Promise<string> {
  const programs = postgresPrograms();
  if (programs === null) throw new Error('no PostgreSQL server is installed');
  const dir = join(tmpdir(), `headswap-test-postgres-${process.ppid}`);
  const portFile = join(dir, 'port');
  if (madeHere(dir)) await start(dir, portFile, programs);
  for (const end = Date.now() + 25_000; Date.now() < end; await sleep(50)) {
    if (!existsSync(portFile)) continue;
    const url = `postgres://postgres@127.0.0.1:${readFileSync(portFile, 'utf8')}/postgres`;
    if (await answers(url)) return url;
  }
  throw new Error(`the test run's PostgreSQL server did not answer: see ${join(dir, 'log')}`);
}

/** A fresh database on the shared server. */
export async function freshDatabase(): Promise<string> {
  const url = new URL(await sharedPostgres());
  const name = `t_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const client = new Client({ connectionString: url.toString() });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  url.pathname = `/${name}`;
  return url.toString();
}

function madeHere(dir: string): boolean {
  try {
    mkdirSync(dir);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function start(dir: string, portFile: string, programs: string): Promise<void> {
  const port = await freePort();
  const [uid, gid] = serverUser();
  if (uid !== '') chownSync(dir, Number(uid), Number(gid));
  const log = openSync(join(dir, 'log'), 'a');
  const supervisor = join(import.meta.dirname, 'postgres-supervisor.process.ts');
  spawn(process.execPath, [supervisor, dir, String(port), String(process.ppid), programs, uid, gid], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref();
  writeFileSync(`${portFile}.new`, String(port));
  renameSync(`${portFile}.new`, portFile);
}

/** PostgreSQL refuses to run as root: then its own user, else nobody. Empty: as ourselves. */
function serverUser(): [uid: string, gid: string] {
  if (process.getuid?.() !== 0) return ['', ''];
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] });
      return [id('-u').toString().trim(), id('-g').toString().trim()];
    } catch {
      // No such user: the next.
    }
  }
  return ['', ''];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
