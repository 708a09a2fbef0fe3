/** `status` for people: a table of batches, or one batch with what it waits for. Pure. */
import type { StatusBatch, StatusDocument, StatusItem } from '../../operations/status.ts';
import type { UncertainItem } from '../../operations/resolve.ts';
import { amount, clockTime, counted, credits } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import { endedOf } from '../progress/snapshot.ts';
import { tableLines } from './table.ts';

export interface StatusShape {
  readonly paint: Paint;
  readonly nowMs: number;
  readonly offsetMinutes: number;
}

export function batchTable(
  { batches, ledger }: StatusDocument,
  { paint, nowMs, offsetMinutes }: StatusShape,
): string[] {
  if (batches.length === 0) {
    return [
      'No batches yet.',
      ledgerText(ledger),
      'Next: headswap plan FILE, or headswap demo to see one run for nothing.',
    ];
  }
  const rows = batches.map((batch) => [
    paint('strong', batch.id),
    stateWord(batch, paint),
    `${amount(endedOf(batch.totals))}/${amount(batch.totals.items)}`,
    batch.totals.failed === 0 ? '0' : paint('bad', amount(batch.totals.failed)),
    amount(batch.credits.charged),
    needsCount(batch) === 0 ? '-' : paint('warn', amount(needsCount(batch))),
    clockTime(Date.parse(batch.last_activity_at), nowMs, offsetMinutes),
  ]);
  const head = ['batch', 'state', 'ended', 'failed', 'spent', 'needs you', 'last activity'];
  return [...tableLines(head, rows, [2, 3, 4, 5]), '', ledgerText(ledger)];
}

export function batchLines(batch: StatusBatch, ledger: StatusDocument['ledger'], shape: StatusShape): string[] {
  const { paint, nowMs, offsetMinutes } = shape;
  const { totals, credits: money } = batch;
  const time = (iso: string) => clockTime(Date.parse(iso), nowMs, offsetMinutes);
  const driven = batch.active ? `driven by ${printable(batch.driven_by ?? 'this ledger')}` : 'nothing drives it now';
  const counts = (['done', 'failed', 'skipped', 'cancelled', 'waiting', 'uncertain', 'pending'] as const)
    .filter((key) => totals[key] > 0)
    .map((key) => `${key} ${amount(totals[key])}`);
  const budget = money.budget === null ? '' : ` of ${amount(money.budget)}`;
  const estimate = money.estimated === null ? 'price unknown' : `estimated ${amount(money.estimated)}`;
  return [
    `${paint('strong', batch.id)}: ${stateWord(batch, paint)}, ${driven}; last activity ${time(batch.last_activity_at)}`,
    `  items ${amount(totals.items)}: ${counts.join(', ')}`,
    `  spent ${amount(money.charged)}${budget} credits, held ${amount(money.held)}, ${estimate}; account ${printable(batch.account)}`,
    `  ${ledgerText(ledger)}`,
    ...batch.gates.map(
      (gate) =>
        `  ${paint('warn', `gate ${gate.name} closed`)} since ${time(gate.since)}: ${printable(gate.reason)}; reopens: ${printable(gate.reopens)}`,
    ),
    ...needsLines(batch, paint),
  ];
}

/** What `status` adds about each uncertain item: what is known, and from when which command may settle it. */
export function uncertainLines(item: UncertainItem, balanceNow: number | null, shape: StatusShape): string[] {
  const time = (iso: string) => clockTime(Date.parse(iso), shape.nowMs, shape.offsetMinutes);
  const price = item.expected === null ? 'price unknown' : `about ${credits(item.expected)}`;
  const where = `headswap resolve ${item.batch} ${item.item}`;
  const before = item.balanceBefore === null ? 'unknown' : amount(item.balanceBefore);
  const now = balanceNow === null ? 'unknown (`headswap credits` asks)' : amount(balanceNow);
  const from = item.allowedNow ? '' : `   # from ${time(item.allowedFrom)}`;
  const callback =
    item.callbackUntil === null
      ? 'No callback can come (web.public_url is not set).'
      : `Its callback ${item.awaiting ? 'is' : 'was'} awaited until ${time(item.callbackUntil)}.`;
  return [
    `${shape.paint('warn', printable(item.item))}: create sent ${time(item.sentAt)}, answer lost. It may or may not have been charged (${price}).`,
    `  balance before ${before}, now ${now}. ${callback}`,
    '  Look into the vendor console, then one of',
    `    ${where} --task-id ID`,
    `    ${where} --not-created${from}`,
    `    ${where} --pay-again${from}`,
  ];
}

export function itemTable(items: readonly StatusItem[], paint: Paint): string[] {
  if (items.length === 0) return ['No items match.'];
  const rows = items.map((item) => [
    printable(item.id),
    item.state === 'failed' || item.state === 'uncertain' ? paint('bad', item.state) : item.state,
    amount(item.charged),
    item.reason?.code ?? '',
    item.reason === null
      ? printable(item.file ?? (item.reused_from === null ? '' : `reused from ${item.reused_from}`))
      : reasonText(item.reason),
  ]);
  return tableLines(['item', 'state', 'charged', 'code', 'what'], rows, [2]);
}

function reasonText({ message, vendor, next }: NonNullable<StatusItem['reason']>): string {
  const said = vendor === '' ? '' : ` ("${printable(vendor)}")`;
  return `${printable(message)}${said}. ${printable(next)}`;
}

function stateWord({ state }: StatusBatch, paint: Paint): string {
  switch (state) {
    case 'finished':
      return paint('good', state);
    case 'waiting':
    case 'stopped':
    case 'paused':
      return paint('warn', state);
    case 'running':
    case 'cancelled':
      return state;
    default:
      return state satisfies never;
  }
}

/** Items, not needs: one item can stand behind two closed gates. */
function needsCount({ needs_you, totals }: StatusBatch): number {
  const needs = needs_you.reduce((sum, need) => sum + need.count, 0);
  return Math.min(needs, totals.items - totals.done);
}

function needsLines({ needs_you }: StatusBatch, paint: Paint): string[] {
  if (needs_you.length === 0) return [];
  return [
    `  ${paint('strong', 'Needs you:')}`,
    ...needs_you.map(
      ({ kind, count, command }) => `    ${printable(kind)}, ${counted(count, 'item')}: ${printable(command)}`,
    ),
  ];
}

function ledgerText({ location, new: isNew }: StatusDocument['ledger']): string {
  return isNew ? `new ledger ${location}: work paid elsewhere is not known here` : `ledger ${printable(location)}`;
}
