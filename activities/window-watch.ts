import { windowState, type ProductionWindow } from '../schemas/production-window.ts';

/**
 * Whether windows are open, remembered until the next change, since every pass asks at every look. `windows` that are equal
 * as text share one memory.
 */
export class WindowWatch {
  readonly #known = new Map<string, { readonly open: boolean; readonly fromMs: number; readonly untilMs: number }>();

  isOpen(windows: readonly ProductionWindow[], nowMs: number): boolean {
    if (windows.length === 0) return true;
    const key = windows.map((window) => window.text).join('\n');
    const known = this.#known.get(key);
    if (known !== undefined && known.fromMs <= nowMs && nowMs < known.untilMs) return known.open;
    const { open, closesAtMs, opensAtMs } = windowState(windows, nowMs);
    this.#known.set(key, { open, fromMs: nowMs, untilMs: closesAtMs ?? opensAtMs ?? nowMs + 86_400_000 });
    return open;
  }
}
