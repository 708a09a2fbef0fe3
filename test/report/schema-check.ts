import { Ajv } from 'ajv';
import { expect } from 'vitest';
import { ReportSchema, type Report } from '../../schemas/report.ts';

const validate = new Ajv({ allErrors: true, strict: true, strictTypes: false }).compile(ReportSchema);

/** A report is what the published schema says, after the trip through JSON that a reader makes. */
export function expectValid(report: Report): void {
  const read: unknown = JSON.parse(JSON.stringify(report));
  validate(read);
  expect(validate.errors).toBeNull();
}
