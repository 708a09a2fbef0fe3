import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaceBook } from '../../manifests/face-book.ts';
import { readSwap } from '../../manifests/swap-rule.ts';
import { createAddressCheck } from '../../manifests/web-address.ts';

const faces = new FaceBook();
for (const name of ['ana', 'bo', 'Çağla'])
  faces.add({ name, url: `https://media.example.com/${name}.jpg`, consent: null, until: null });
const context = { faces, checkAddress: createAddressCheck({ allowPrivateHosts: false }) };
const read = (text: string) => readSwap({ kind: 'text', text }, context);
const https = 'https://media.example.com/f.jpg?a=1,2;3:4';
const short = 'https://media.example.com/f.jpg?a=1,2';

describe('the cell grammar', () => {
  it.each([
    ['ana', 'ana', 'only'],
    ['  ANA ', 'ana', 'only'],
    ['ÇAĞLA', 'Çağla', 'only'],
    [https, https, 'only'],
    ['pick', 'pick', 'pick'],
    [' Skip', 'skip', 'skip'],
    ['keep', 'keep', 'skip'],
    ['all:ana', 'all:ana', 'all'],
    ['All : ana', 'all:ana', 'all'],
    ['all:keep', 'all:keep', 'skip'],
    [`all:${https}`, `all:${https}`, 'all'],
    ['0:ana', '0:ana', 'by-number'],
    ['0:ana 1:bo', '0:ana 1:bo', 'by-number'],
    ['1 : bo,0: ana', '0:ana 1:bo', 'by-number'],
    ['0:ana;1:keep', '0:ana 1:keep', 'by-number'],
    ['0:ana\n1:bo\r\n', '0:ana 1:bo', 'by-number'],
    ['0:ana, 1:bo ; 2:ana', '0:ana 1:bo 2:ana', 'by-number'],
    ['0:keep 1:keep', '0:keep 1:keep', 'skip'],
    [`0:${short} 1:bo`, `0:${short} 1:bo`, 'by-number'],
    [`0:${short},1:bo`, `0:${short} 1:bo`, 'by-number'],
  ])('%j', (cell, text, kind) => {
    const reading = read(cell);
    expect(reading).toMatchObject({ ok: true, text, rule: { kind } });
  });

  it.each([
    ['anna', 'M112', 'anna'],
    ['0:ana 1:anna', 'M112', 'anna'],
    [' 0 : anna', 'M112', 'anna'],
    ['0:ana 0:bo', 'M113', '0'],
    ['00:ana', 'M113', '00'],
    ['0:', 'M113', null],
    ['0:pick', 'M113', 'pick'],
    ['all:ana 0:bo', 'M113', null],
    ['ana bo', 'M113', null],
    ['ana, bo', 'M113', null],
    ['0:ana bo', 'M113', 'ana bo'],
    ['#1', 'M113', '#1'],
    ['0:a1 1:a1 2:a1 3:a1 4:a1 5:a1'.replaceAll('a1', 'ana'), 'M115', null],
    ['0:http://10.1.2.3/x.jpg', 'M118', '10.1.2.3'],
    ['faces/ana.jpg', 'M113', 'faces/ana.jpg'],
    ['./ana.jpg', 'M119', './ana.jpg'],
    ['file:///x.jpg', 'M119', 'file:///x.jpg'],
  ])('refuses %j with %s and marks %j', (cell, code, mark) => {
    const reading = read(cell);
    expect(reading.ok).toBe(false);
    const fault = reading.ok ? undefined : reading.faults[0];
    expect(fault?.code).toBe(code);
    const from = fault?.from;
    if (mark !== null)
      expect(from === undefined ? cell : cell.slice(from, from + Math.max(1, fault?.length ?? 0))).toBe(mark);
  });

  it('spells every rule so that it reads back as itself', () => {
    const name = fc.constantFrom('ana', 'bo', 'keep', short);
    const pairs = fc.uniqueArray(fc.tuple(fc.nat(99), name), { selector: ([n]) => n, minLength: 1, maxLength: 5 });
    const sep = fc.constantFrom(' ', ',', ';', '\n', ' , ', '; ');
    fc.assert(
      fc.property(pairs, sep, fc.constantFrom(':', ' : ', ': '), (chosen, separator, colon) => {
        const reading = read(chosen.map(([n, face]) => `${n}${colon}${face}`).join(separator));
        expect(reading.ok).toBe(true);
        if (!reading.ok) return;
        expect(read(reading.text)).toEqual(reading);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => typeof read(text).ok === 'boolean'));
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9al:, ;keepn]{0,40}$/u), (text) => typeof read(text).ok === 'boolean'),
    );
  });
});
