import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PICK_COLUMNS, readPicks } from '../../manifests/read-picks.ts';
import type { PicksFacts } from '../../report/picks/picks-facts.ts';
import { writePicks } from '../../report/picks/write-picks.ts';
import { browserPath, launchBrowser, WITHOUT_BROWSER } from './chromium.ts';

const DOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

function factsOf(videos: number, over: Partial<PicksFacts> = {}): PicksFacts {
  return {
    batch: 'spring',
    project: null,
    operator: 'mira',
    generatedAtMs: 0,
    most: 5,
    consentRequired: false,
    faces: [
      { name: 'ana', picture: DOT, consent: 'valid', consentText: 'consent C-1' },
      { name: 'bo', picture: null, consent: 'missing', consentText: 'no consent on record' },
      { name: 'kim', picture: DOT, consent: 'ended', consentText: 'consent ended 2020-01-01' },
    ],
    items: Array.from({ length: videos }, (_, n) => ({
      id: `sh${String(n).padStart(3, '0')}`,
      note: n === 0 ? 'crowd </script><b>' : null,
      video: 'https://media.example.com/a.mp4',
      why: 'waits',
      check: `k${n}`,
      people: [0, 1].map((person) => ({ person, preview: person === 0 ? DOT : null, suggestion: '', face: '' })),
    })),
    ...over,
  };
}

type AxeResult = { violations: { id: string; impact: string; nodes: { failureSummary: string }[] }[] };

describe.skipIf(browserPath === null)(
  `the contact sheet in Chromium${browserPath === null ? ` (${WITHOUT_BROWSER})` : ''}`,
  () => {
    let browser: Browser;
    let dir = '';
    beforeAll(async () => {
      browser = await launchBrowser();
      dir = await mkdtemp(join(tmpdir(), 'headswap-picks-'));
    });
    afterAll(async () => {
      await browser.close();
      await rm(dir, { recursive: true });
    });

    async function opened(facts: PicksFacts, scheme: 'light' | 'dark' = 'light') {
      const { sheet } = await writePicks(facts, { dir, sheet: 'picks.html', file: 'picks.csv', columns: PICK_COLUMNS });
      const context = await browser.newContext({ colorScheme: scheme, acceptDownloads: true });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!/^(file|data|blob):/u.test(request.url())) complaints.push(request.url());
      });
      await page.goto(pathToFileURL(sheet).href);
      return { page, complaints, close: () => context.close() };
    }

    async function downloaded(page: Page) {
      const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Control+Enter')]);
      const path = join(dir, `given-${Math.floor(performance.now())}.csv`);
      await file.saveAs(path);
      return readPicks('picks.csv', path);
    }

    async function axeFindings(page: Page) {
      await page.evaluate(axe.source);
      const result: AxeResult = await page.evaluate('axe.run(document)');
      return result.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    }

    test('40 videos of two people are decided without a mouse in at most 100 keys, and a reload loses nothing', async () => {
      const { page, complaints, close } = await opened(factsOf(40));
      let presses = 0;
      const press = async (key: string) => {
        presses += 1;
        await page.keyboard.press(key);
      };
      await press('a');
      await press('b');
      for (let video = 1; video < 20; video++) {
        await press('s');
        await press('Enter');
      }
      expect(await page.textContent('[id=":count"]')).toBe('20 of 40 videos decided');
      await page.reload();
      expect(await page.textContent('[id=":count"]')).toBe('20 of 40 videos decided');
      await press('n');
      // Suggestions count for nothing until they are confirmed.
      await press('s');
      await press('=');
      expect(await page.textContent('[id=":count"]')).toBe('20 of 40 videos decided');
      const before = await downloaded(page);
      expect(before.lines.filter(({ face }) => face !== '')).toHaveLength(40);
      for (let video = 20; video < 40; video++) await press('Enter');
      expect(await page.textContent('[id=":count"]')).toBe('40 of 40 videos decided');
      expect(presses).toBeLessThanOrEqual(100);
      const { lines, problems, usable } = await downloaded(page);
      expect({ problems, usable }).toEqual({ problems: [], usable: true });
      expect(lines).toHaveLength(80);
      expect(lines.every(({ person, face }) => face === (person === 0 ? 'ana' : 'bo'))).toBe(true);
      expect(lines[5]).toMatchObject({ id: 'sh002', person: 1, check: 'k2' });
      expect(complaints).toEqual([]);
      await close();
    }, 60_000);

    test.each(['light', 'dark'] as const)(
      'axe finds nothing serious (%s)',
      async (scheme) => {
        const facts = factsOf(6);
        const { page, complaints, close } = await opened({ ...facts, batch: `axe-${scheme}` }, scheme);
        await page.keyboard.press('a');
        await page.keyboard.press('3');
        await page.keyboard.press('s');
        expect(await axeFindings(page)).toEqual([]);
        await page.keyboard.press('?');
        expect(await axeFindings(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      },
      60_000,
    );

    test('keep, not sure, arrows, filter and faces with the letter of a command', async () => {
      const { page, complaints, close } = await opened({ ...factsOf(3), batch: 'keys' });
      await page.keyboard.press('k');
      await page.keyboard.press('Shift+K');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Backspace');
      await page.keyboard.press('2');
      // On paper: every video, one answer for each person, and none of the tools.
      await page.emulateMedia({ media: 'print' });
      const shown = (what: string) => page.locator(`${what}:visible`).count();
      expect([await shown('.video'), await shown('.tools')]).toEqual([3, 0]);
      expect(await shown('.faces button[aria-pressed=true]')).toBe(6);
      expect(await shown('.faces button:not([aria-pressed=true]):not(.maybe)')).toBe(0);
      await page.emulateMedia({ media: 'screen' });
      await page.getByRole('button', { name: 'open', exact: true }).click();
      expect(await page.locator('.video:visible h2').allTextContents()).toEqual(['sh001', 'sh002']);
      const { lines } = await downloaded(page);
      expect(lines.map(({ face }) => face)).toEqual(['keep', 'bo', '', '', '', '']);
      expect(complaints).toEqual([]);
      await close();
    }, 60_000);
  },
);

test('the files hold nothing but themselves, and text of a sheet is never markup', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'headswap-picks-'));
  const to = { dir, sheet: 'picks.html', file: 'picks.csv', columns: PICK_COLUMNS };
  const { sheet, file } = await writePicks(factsOf(2), to);
  const html = await readFile(sheet, 'utf8');
  expect(html).not.toMatch(/ (src|href)="(?!data:)/u);
  expect(html).toContain('crowd &lt;/script>');
  expect(await readFile(file, 'utf8')).toBe(
    '\uFEFFid,person,preview,suggestion,face,check\r\nsh000,0,picks.html,,,k0\r\nsh000,1,,,,k0\r\nsh001,0,picks.html,,,k1\r\nsh001,1,,,,k1\r\n',
  );
  await rm(dir, { recursive: true });
});
