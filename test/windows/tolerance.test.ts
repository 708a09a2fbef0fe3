import { expect, it } from 'vitest';
import { parseTolerance, toleratedFaults } from '../../schemas/tolerance.ts';

it.each([
  ['5%', 100, 5],
  ['5%', 30, 1],
  ['5%', 10, 0],
  ['0.5%', 1_000, 5],
  ['100%', 7, 7],
  ['29%', 100, 29],
  ['3', 100, 3],
  ['0', 100, 0],
])('%s of %i items tolerates %i faults', (text, items, faults) => {
  const tolerance = parseTolerance(text);
  if (tolerance === null) throw new Error(`${text} was not read`);
  expect(toleratedFaults(tolerance, items)).toBe(faults);
});

it.each(['', '5 %', '-1', '101%', '5.5', 'five', '1e3'])('%j is no tolerance', (text) => {
  expect(parseTolerance(text)).toBeNull();
});
