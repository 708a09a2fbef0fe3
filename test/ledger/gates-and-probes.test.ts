import { expect, it } from 'vitest';
import { claimAnalysis } from '../../ledger/analysis-steps.ts';
import { closeGate, gatesOfBatch, openGate } from '../../ledger/gates.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import type { GateName } from '../../schemas/states.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { attemptRow, bind, claim, claimed, itemRow, makeAccount, permit, readyBatch, sending } from './ledger-world.ts';

const AGAIN = { kind: 'again', nextAtMs: 0 } as const;
const LOST = { code: 'U101', message: 'answer lost', next: 'resolve' };

function close(ledger: Ledger, account: string, name: GateName = 'credits', seenEpoch?: number) {
  const gate = { name, code: 'C101', reason: 'why', reopens: 'how', ...(seenEpoch === undefined ? {} : { seenEpoch }) };
  return ledger.write((tx, nowMs) => closeGate(tx, { scope: 'account', owner: account }, gate, nowMs));
}
function open(ledger: Ledger, account: string, probe: boolean, name: GateName = 'credits') {
  return ledger.write((tx, nowMs) =>
    openGate(tx, { scope: 'account', owner: account }, name, { by: 'test', detail: 'd', probe }, nowMs),
  );
}
function closeBatch(ledger: Ledger, batch: string, name: GateName) {
  const gate = { name, code: 'x', reason: 'why', reopens: 'how' };
  return ledger.write((tx, nowMs) => closeGate(tx, { scope: 'batch', owner: batch }, gate, nowMs));
}
async function epoch(ledger: Ledger, account: string) {
  return await ledger.db
    .selectFrom('accounts')
    .select(['gate_epoch', 'probe'])
    .where('id', '=', account)
    .executeTakeFirstOrThrow();
}

onBothDatabases('gates', (opened) => {
  it('a closed gate stops claims and analyses; closing and opening are idempotent', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    expect(await close(ledger, account)).toBe(true);
    expect(await close(ledger, account)).toBe(false);
    expect(await claim(ledger, work[0]!)).toEqual({ kind: 'account-full' });
    const analysis = await ledger.write((tx, nowMs) =>
      claimAnalysis(tx, { account, batch, lane: 0, video: work[0]!.candidate.video, ahead: 9 }, nowMs),
    );
    expect(analysis).toEqual({ kind: 'account-full' });
    expect((await gatesOfBatch(ledger.db, batch, account)).map((g) => g.name)).toEqual(['credits']);
    expect(await open(ledger, account, false)).toBe(true);
    expect(await open(ledger, account, false)).toBe(false);
    expect(await claim(ledger, work[0]!)).toMatchObject({ kind: 'claimed' });
  });

  it('two gates: both must open', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 1);
    await close(ledger, account, 'credits');
    await close(ledger, account, 'disk');
    await open(ledger, account, false, 'credits');
    expect(await claim(ledger, work[0]!)).toEqual({ kind: 'account-full' });
    await open(ledger, account, false, 'disk');
    expect(await claim(ledger, work[0]!)).toMatchObject({ kind: 'claimed' });
  });

  it('a gate that closes after the claim still stops the send, and the claim goes back whole', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 1);
    const attempt = await claimed(ledger, work[0]!);
    await close(ledger, account);
    expect(await permit(ledger, attempt, account)).toEqual({ kind: 'gate-closed' });
    await ledger.write((tx, nowMs) =>
      releaseAttempt(tx, attempt, 'reserved', { code: 'gate-closed', after: AGAIN }, nowMs),
    );
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'ready', tries: 0 });
  });

  it.each(['pause', 'stopped', 'cancelled'] as const)('%s of the batch stops what it claimed before', async (name) => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2);
    const attempt = await claimed(ledger, work[0]!);
    await closeBatch(ledger, batch, name);
    expect(await permit(ledger, attempt, account)).toEqual({ kind: 'gate-closed' });
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'batch-full' });
  });

  it('a reached budget stops further claims, not those that lie within it', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2);
    const attempt = await claimed(ledger, work[0]!);
    await closeBatch(ledger, batch, 'budget');
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'batch-full' });
    expect(await permit(ledger, attempt, account)).toMatchObject({ kind: 'go' });
  });

  it('a refusal from before the gate was opened closes nothing', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 2);
    const first = await claimed(ledger, work[0]!);
    const sent = await permit(ledger, first, account);
    if (sent.kind !== 'go') throw new Error(sent.kind);
    expect(await close(ledger, account, 'credits', sent.gateEpoch)).toBe(true);
    await open(ledger, account, false);
    expect(await close(ledger, account, 'credits', sent.gateEpoch)).toBe(false);
    // A claim made before, sent after the opening, speaks of the present.
    const second = await claimed(ledger, work[1]!);
    const later = await permit(ledger, second, account);
    if (later.kind !== 'go') throw new Error(later.kind);
    expect(later.gateEpoch).toBe((await epoch(ledger, account)).gate_epoch);
    expect(await close(ledger, account, 'credits', later.gateEpoch)).toBe(true);
  });

  it('refuses to close a gate of an account nobody knows', async () => {
    await expect(close(opened.ledger, 'nobody')).rejects.toThrow();
    await expect(closeBatch(opened.ledger, 'nothing', 'pause')).rejects.toThrow();
  });
});

onBothDatabases('the probe after a gate', (opened) => {
  async function halfOpen() {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 5);
    await close(ledger, account);
    await open(ledger, account, true);
    return { ledger, account, work };
  }

  it('exactly one create while half-open, whoever asks', async () => {
    const { ledger, work } = await halfOpen();
    const other = await opened.again();
    const answers = await Promise.all(work.map((item, i) => claim(i % 2 === 0 ? ledger : other, item)));
    expect(answers.filter((a) => a.kind === 'claimed')).toHaveLength(1);
    expect(answers.filter((a) => a.kind === 'account-full')).toHaveLength(4);
  });

  it('claims from before the gate wait behind the probe', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 3);
    const early = await claimed(ledger, work[0]!);
    await close(ledger, account);
    await open(ledger, account, true);
    const probe = await claimed(ledger, work[1]!);
    expect(await permit(ledger, early, account)).toEqual({ kind: 'gate-closed' });
    expect(await permit(ledger, probe, account)).toMatchObject({ kind: 'go' });
    await bind(ledger, probe);
    expect(await permit(ledger, early, account)).toMatchObject({ kind: 'go' });
  });

  it('accepted: the rest may go', async () => {
    const { ledger, account, work } = await halfOpen();
    const probe = await sending(ledger, work[0]!);
    expect((await attemptRow(ledger, probe)).is_probe).toBe(1);
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'account-full' });
    await bind(ledger, probe);
    expect((await epoch(ledger, account)).probe).toBe(0);
    expect(await claim(ledger, work[1]!)).toMatchObject({ kind: 'claimed' });
    expect(await claim(ledger, work[2]!)).toMatchObject({ kind: 'claimed' });
  });

  it('released or refused: one more probe', async () => {
    const { ledger, account, work } = await halfOpen();
    const probe = await claimed(ledger, work[0]!);
    await ledger.write((tx, nowMs) => releaseAttempt(tx, probe, 'reserved', { code: 'x', after: AGAIN }, nowMs));
    const second = await sending(ledger, work[1]!);
    await ledger.write((tx, nowMs) => releaseAttempt(tx, second, 'sending', { code: '1003', after: AGAIN }, nowMs));
    expect((await epoch(ledger, account)).probe).toBe(1);
    await claimed(ledger, work[2]!);
    expect(await claim(ledger, work[3]!)).toEqual({ kind: 'account-full' });
  });

  it('refused for what the gate was closed for: closed again, and one probe after the next opening', async () => {
    const { ledger, account, work } = await halfOpen();
    const probe = await sending(ledger, work[0]!);
    await ledger.write(async (tx, nowMs) => {
      await releaseAttempt(tx, probe, 'sending', { code: '1104', after: AGAIN }, nowMs);
      await closeGate(
        tx,
        { scope: 'account', owner: account },
        { name: 'credits', code: 'C101', reason: 'r', reopens: 'o' },
        nowMs,
      );
    });
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'account-full' });
    await open(ledger, account, true);
    await claimed(ledger, work[1]!);
    expect(await claim(ledger, work[2]!)).toEqual({ kind: 'account-full' });
  });

  it('uncertain: one more probe; the id that turns up later frees nothing by itself', async () => {
    const { ledger, account, work } = await halfOpen();
    const probe = await sending(ledger, work[0]!);
    await ledger.write((tx, nowMs) => markUncertain(tx, probe, LOST, nowMs));
    const second = await sending(ledger, work[1]!);
    await bind(ledger, probe);
    expect((await epoch(ledger, account)).probe).toBe(2);
    expect(await claim(ledger, work[2]!)).toEqual({ kind: 'account-full' });
    await bind(ledger, second);
    expect(await claim(ledger, work[2]!)).toMatchObject({ kind: 'claimed' });
  });

  it('opened again while the last probe is on its way: still one', async () => {
    const { ledger, account, work } = await halfOpen();
    const probe = await sending(ledger, work[0]!);
    await close(ledger, account, 'vendor-unwell');
    await open(ledger, account, true, 'vendor-unwell');
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'account-full' });
    await bind(ledger, probe);
    expect(await claim(ledger, work[1]!)).toMatchObject({ kind: 'claimed' });
  });
});
