import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collisionKey, fillOutput, outputReason } from '../../manifests/output-path.ts';
import { fillTemplate, parseTemplate } from '../../manifests/placeholders.ts';
import { posix } from 'node:path';

const values = { batch: 'spring', id: 'sh010', project: 'nordlys', resolution: '720p', x_act: 'a/b' };
describe('output templates', () => {
  it.each([
    ['{batch}/{id}.mp4', 'spring/sh010.mp4'],
    ['{project}/{x_act}/{id}-{resolution}.mp4', 'nordlys/a/b/sh010-720p.mp4'],
    ['{{{id}}}.mp4', '{sh010}.mp4'],
    ['a{b.mp4', 'a{b.mp4'],
  ])('%s', (template, output) => expect(fillOutput(template, values)).toEqual({ ok: true, output }));

  it.each([
    ['{ids}.mp4', 'M123'],
    ['{__proto__}.mp4', 'M123'],
    ['../{id}.mp4', 'M122'],
    ['a/../../{id}.mp4', 'M122'],
    ['/abs/{id}.mp4', 'M122'],
    ['C:/{id}.mp4', 'M122'],
    ['~/{id}.mp4', 'M122'],
    ['a\\..\\{id}.mp4', 'M122'],
    ['a//{id}.mp4', 'M122'],
    ['./{id}.mp4', 'M122'],
    ['{batch}/', 'M122'],
    ['', 'M122'],
    ['con/{id}.mp4', 'M122'],
    ['a/NUL.mp4', 'M122'],
    ['a/com1', 'M122'],
    ['a/{id}.mp4.', 'M122'],
    ['a /{id}.mp4', 'M122'],
    ['a/{id}?.mp4', 'M122'],
    ['a\u0000b', 'M122'],
    ['{batch}/Report.html', 'M122'],
    [`${'a'.repeat(201)}.mp4`, 'M122'],
  ])('refuses %j with %s', (template, code) =>
    expect(fillOutput(template, values)).toMatchObject({ ok: false, fault: { code } }),
  );

  it('lets nothing out of the storage', () => {
    const part = fc.constantFrom('..', '.', '', '/', 'a', '~', 'C:', '\\', '{id}', ' ', '\u0000', '…', '．．');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), fc.string(), (parts, id) => {
        const filled = fillOutput(parts.join('/'), { id });
        if (!filled.ok) return;
        expect(posix.normalize(posix.join('/root', filled.output)).startsWith('/root/')).toBe(true);
        expect(filled.output).not.toContain('\\');
        expect(filled.output).not.toContain('\u0000');
      }),
    );
  });
  it('knows no reason against a plain path', () => expect(outputReason('spring/sh010.mp4', 'spring')).toBeNull());
});

describe('collisions', () => {
  it.each([
    ['A/Sh.mp4', 'a/sh.mp4'],
    ['\u00e9.mp4', 'e\u0301.mp4'],
    ['STRASSE.mp4', 'straße.mp4'],
    ['Σ.mp4', 'ς.mp4'],
    ['\u212b.mp4', 'å.mp4'],
  ])('%s and %s', (one, other) => expect(collisionKey(one)).toBe(collisionKey(other)));
  it('keeps different names apart', () => expect(collisionKey('sh010.mp4')).not.toBe(collisionKey('sh01O.mp4')));
});

describe('placeholders', () => {
  it('give back any text that was escaped', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = text.replaceAll('{', '{{').replaceAll('}', '}}');
        expect(fillTemplate(parseTemplate(escaped), () => 'x').text).toBe(text);
      }),
    );
  });
});
