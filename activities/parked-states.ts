import type { GateRow } from '../ledger/tables.ts';
import type { DrivenState } from '../ledger/lane-glance.ts';
import type { GateName } from '../schemas/states.ts';

/**
 * Which item states still need driving, given the closed gates (design D5, D10). The rest wait for a person or for money:
 * a lane with none of the former is closed. Gates that reopen by themselves park nothing.
 */
export function drivingStates(gates: readonly GateName[]): DrivenState[] {
  const has = (name: GateName) => gates.includes(name);
  const states: DrivenState[] = ['submitting', 'collecting'];
  // A refused key cannot even be polled with; what is paid waits at the vendor until a good key asks for it.
  if (!has('authorisation')) states.push('analyzing', 'queued', 'processing');
  const spendingParked =
    has('authorisation') ||
    has('plan') ||
    has('unpaid') ||
    has('refused-alike') ||
    has('uncertain') ||
    has('pause') ||
    has('stopped') ||
    has('budget') ||
    has('tolerance') ||
    has('cancelled');
  if (!spendingParked) states.push('pending', 'ready');
  return states;
}

/** Whether anything may be asked of the vendor at all. */
export function pollsStopped(gates: readonly GateName[]): boolean {
  return gates.includes('authorisation');
}

/** Whether downloads wait: the store took no more. A gate closed to keep room for them lets them go on. */
export function collectsStopped(gates: readonly Pick<GateRow, 'name' | 'memo'>[]): boolean {
  return gates.some(({ name, memo }) => name === 'disk' && (JSON.parse(memo) as { roomKept?: true }).roomKept !== true);
}
