/** What `status` prints of a gate: why it is closed, and how it opens again. */
export function isAccountGateLine(gate: unknown): boolean {
  const { reason, reopens, code } = (gate ?? {}) as { reason?: string; reopens?: string; code?: string };
  return (reason ?? '').length > 10 && (reopens ?? '').length > 5 && /^[A-Z]\d{3}$/.test(code ?? '');
}
