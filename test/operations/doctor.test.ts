import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examine, type CheckName, type DoctorDocument } from '../../operations/doctor.ts';
import { startWorkerCommand } from '../../operations/worker-command.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { following, makePlace, refusal, sheet } from './operations-harness.ts';

const check = (document: DoctorDocument, name: CheckName) => document.checks.find((found) => found.name === name);

describe('doctor', () => {
  test('finds nothing wrong where all is well, and leaves nothing behind', async () => {
    const place = await makePlace();
    const before = readdirSync(place.dir);
    const document = await examine(place.options());
    expect(document.checks.filter((found) => found.state === 'fail')).toEqual([]);
    // What is kept of an engine that was tried is its own.
    expect(readdirSync(place.dir).filter((name) => name !== '.headswap')).toEqual(before);
    expect(document).toMatchObject({ ok: true, exit_code: 0 });
    expect(document.checks.map((found) => found.name)).toEqual([
      'config',
      'key',
      'balance',
      'engine',
      'ledger',
      'storage',
      'disk',
      'clock',
      'callback',
    ]);
    expect(JSON.stringify(document)).not.toContain('not-a-secret');
    expect(document.settings.find((setting) => setting.name === 'accounts.default.base_url')?.source).toMatch(
      /headswap\.yaml:3/u,
    );
  });

  test('each thing that is broken is named with its cure', async () => {
    const place = await makePlace();
    place.emulator.control.refuseKeys(1101);
    const keyless = await examine(place.options());
    expect(check(keyless, 'key')).toMatchObject({
      state: 'fail',
      exit: 4,
      cure: expect.stringContaining('AKOOL_API_KEY') as string,
    });
    expect(keyless.exit_code).toBe(4);
    place.emulator.control.refuseKeys(null);
    place.emulator.control.setBalance(0);
    expect(check(await examine(place.options()), 'balance')).toMatchObject({
      state: 'warn',
      cure: expect.stringContaining('top up') as string,
    });

    const unreachable = await examine(place.options({}, { AKOOL_BASE_URL: 'http://127.0.0.1:9' }));
    expect(check(unreachable, 'key')).toMatchObject({ state: 'fail', exit: 8 });
    const noEngine = await examine(place.options({}, { TEMPORAL_ADDRESS: '127.0.0.1:9' }));
    expect(check(noEngine, 'engine')).toMatchObject({
      state: 'fail',
      exit: 8,
      cure: expect.stringContaining('TEMPORAL_ADDRESS') as string,
    });
    const apart = await examine(place.options({}, { TEMPORAL_ADDRESS: 'temporal.example.com:7233' }));
    expect(check(apart, 'engine')).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('SQLite') as string,
    });
    const noLedger = await examine(place.options({}, { HEADSWAP_LEDGER: 'postgres://127.0.0.1:9/none' }));
    expect(check(noLedger, 'ledger')).toMatchObject({ state: 'fail', exit: 8 });
    expect(check(noLedger, 'engine')).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('PostgreSQL') as string,
    });
    place.write('taken', 'a file where the folder belongs');
    expect(check(await examine(place.options({}, { HEADSWAP_STORAGE: 'file:./taken' })), 'storage')).toMatchObject({
      state: 'fail',
    });
  }, 60_000);

  test('a broken configuration is a finding, not an error', async () => {
    const place = await makePlace({ config: 'storag: file:./x\n' });
    expect(await examine(place.options())).toMatchObject({
      ok: false,
      exit_code: 2,
      checks: [{ name: 'config', state: 'fail', detail: expect.stringContaining('storag') as string }],
    });
    expect(await examine(place.options({ config: 'nowhere.yaml' }))).toMatchObject({
      exit_code: 2,
      checks: [{ name: 'config', state: 'fail' }],
    });
    const s3 = await examine(place.options({ config: 'nowhere.yaml' }, { HEADSWAP_STORAGE: 's3://bucket' }));
    expect(s3.exit_code).toBe(2);
  });

  test('a key that is not there is told by whoever needs it, not before', async () => {
    const place = await makePlace();
    place.write(
      'headswap.yaml',
      `accounts:\n  default:\n    base_url: ${place.emulator.url}\n    prices: { 720p: 15 }\nallow_private_hosts: true\n`,
    );
    place.write('b.csv', sheet(2));
    const ctx = await place.open();
    const plan = await planBatch(ctx, { file: 'b.csv' });
    expect(plan.counts.run).toBe(2);
    expect(await refusal(runBatch(ctx, plan, following()))).toMatchObject({ exit: 4, code: 'A108' });
    expect(check(await examine(place.options()), 'key')).toMatchObject({ state: 'fail', exit: 4 });
    expect(await refusal(startWorkerCommand(ctx, { queues: null }))).toMatchObject({ exit: 8 });
    expect(ctx.ledgerExists()).toBe(false);
  });

  test.skipIf(process.getuid?.() === 0)('a store that cannot be written', async () => {
    const place = await makePlace();
    place.write('out/x.txt', 'x');
    chmodSync(join(place.dir, 'out'), 0o500);
    expect(check(await examine(place.options()), 'storage')).toMatchObject({
      state: 'fail',
      cure: expect.any(String) as string,
    });
    chmodSync(join(place.dir, 'out'), 0o700);
  });
});
