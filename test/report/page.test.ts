import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { reportJunit } from '../../report/junit.ts';
import type { ReportFacts } from '../../report/report-facts.ts';
import { writeReport } from '../../report/write-report.ts';
import { tinyFilm } from '../storage/tiny-film.ts';
import { browserPath, launchBrowser, WITHOUT_BROWSER } from './chromium.ts';
import { ana, doneItem, factsOf, springFacts, troubledItems } from './sample-facts.ts';

/** What the page does in a test that TypeScript has no DOM types for. */
type AxeResult = {
  violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
};

describe.skipIf(browserPath === null)(
  `the page in Chromium${browserPath === null ? ` (${WITHOUT_BROWSER})` : ''}`,
  () => {
    let browser: Browser;
    let root = '';
    let film: Buffer;
    beforeAll(async () => {
      browser = await launchBrowser();
      root = await mkdtemp(join(tmpdir(), 'headswap-report-'));
      film = await tinyFilm('mp4');
    });
    afterAll(async () => {
      await browser.close();
      await rm(root, { recursive: true });
    });

    interface Opened extends AsyncDisposable {
      readonly page: Page;
      /** Every address asked for, the page itself included. */
      readonly asked: string[];
      /** Errors, refusals of the page's own policy among them. */
      readonly complaints: string[];
      readonly html: string;
    }

    async function written(name: string, facts: ReportFacts): Promise<string> {
      const dir = join(root, name);
      await writeReport(facts, buildReport(facts), { dir, formats: ['html'], storageRoot: root });
      return join(dir, 'report.html');
    }

    async function opened(
      path: string,
      { hash = '', scheme = 'light' as 'light' | 'dark', script = true } = {},
    ): Promise<Opened> {
      const context = await browser.newContext({ colorScheme: scheme, javaScriptEnabled: script });
      const page = await context.newPage();
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.setDefaultTimeout(10_000);
      await page.goto(pathToFileURL(path).href + hash);
      return {
        page,
        asked,
        complaints,
        html: await readFile(path, 'utf8'),
        [Symbol.asyncDispose]: () => context.close(),
      };
    }

    test('asks for nothing but itself, though every item names pictures and films elsewhere', async () => {
      await using open = await opened(await written('plain', springFacts()));
      const { page, asked, complaints } = open;
      await page.locator('#sh100 .tog').click();
      await page.locator('#sh014 .tog').click();
      await page.waitForLoadState('networkidle');
      expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([]);
      expect(asked.filter((url) => !url.endsWith('/report.html') && !url.endsWith('/sh100.mp4'))).toEqual([]);
      expect(complaints.filter((text) => !text.includes('ERR_FILE_NOT_FOUND'))).toEqual([]);
      // The source video and both pictures are links, and not followed.
      expect(await page.locator('[id=":more:sh100"] .det a[href^="https:"]').count()).toBe(4);
    });

    test('says the whole story in words', async () => {
      await using open = await opened(await written('words', springFacts()));
      const { page } = open;
      expect(await page.locator('.headline').innerText()).toMatch(
        /^49 done, 3 failed, 1 skipped, 2 waiting, 0 lost, 0 paid twice, 1 uncertain;\s*spent 750 of 943 estimated$/,
      );
      expect(await page.locator('.bar').getAttribute('aria-label')).toContain('56 items: 49 done, 3 failed');
      expect(await page.locator('.needs').innerText()).toContain('headswap resolve spring-campaign-fr sh027');
      expect(await page.locator('.needs a').allInnerTexts()).toEqual([
        'sh027',
        'sh033',
        'sh044',
        'sh042',
        'sh014',
        'row-46',
      ]);
      expect(await page.locator('.money').innerText()).toMatch(/Unexplained\s+cannot be known/);
      expect(await page.locator('#sh041').innerText()).toContain('reused from spring-test/sh041');
      expect(await page.locator('.events').innerText()).toContain('An answer was lost; the task was not sent again');
      expect(await page.title()).toContain('spring-campaign-fr: 49 done');
    });

    test('without scripts every row, reason and output is there, and the page says what is missing', async () => {
      await using open = await opened(await written('noscript', springFacts()), { script: false });
      const { page } = open;
      expect(await page.locator('tbody[id=":rows"] tr').count()).toBe(56);
      expect(await page.locator('#sh014').innerText()).toContain('task failed');
      expect(await page.locator('#sh100 .c-out a').getAttribute('href')).toBe('../spring/sh100.mp4');
      expect(await page.locator('main noscript').innerText()).toContain('report.json');
      expect(await page.locator('.tools').isVisible()).toBe(false);
    });

    test('hostile text stays text', async () => {
      const evil = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`;
      const item = doneItem('sh1', 0, {
        note: evil,
        rule: evil,
        video: `javascript:document.title='owned'`,
        x: { x_evil: evil },
        people: [{ objId: 0, previewUrl: 'javascript:alert(1)' }],
        mappings: [{ objId: 0, face: evil, url: 'data:text/html,<script>1</script>', consent: evil, until: evil }],
        reason: { code: evil, message: evil, vendor: evil, next: evil },
      });
      const facts = factsOf([item], { events: [{ atMs: 1, type: evil, by: evil, item: null, detail: evil }] });
      await using open = await opened(await written('evil', facts), { hash: '#sh1' });
      const { page, complaints } = open;
      await page.locator('[id=":more:sh1"]').waitFor();
      expect(await page.title()).not.toBe('owned');
      expect(await page.locator('script').count()).toBe(2);
      expect(await page.locator('main img').count()).toBe(0);
      expect(await page.locator('a[href^="javascript:"],a[href^="data:"]').count()).toBe(0);
      expect(await page.locator('#sh1 .c-id small').innerText()).toBe(evil);
      expect(complaints.filter((text) => !text.includes('ERR_FILE_NOT_FOUND'))).toEqual([]);
    });

    test("the page's policy refuses what it should never try", async () => {
      await using open = await opened(await written('policy', springFacts()));
      const { page, complaints, html } = open;
      expect(html).toContain(`content="default-src 'none'; img-src 'self' file: data:; media-src 'self' file:`);
      await page.evaluate(`new Promise((done) => {
      const image = document.createElement('img');
      image.onerror = done; image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image);
    })`);
      await page.evaluate(`fetch('http://127.0.0.1:9/').catch(() => null)`);
      expect(complaints.filter((text) => text.includes('Content Security Policy'))).not.toHaveLength(0);
    });

    test('a link to an item opens it; search, state and order work from the keyboard', async () => {
      await using open = await opened(await written('tools', springFacts()), { hash: '#sh014' });
      const { page } = open;
      await page.locator('[id=":more:sh014"]').waitFor();
      expect(await page.locator('[id=":more:sh014"]').innerText()).toContain(
        'face not clear enough in <frame> 12 & 13',
      );
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Details of sh014');
      await page.keyboard.press('Enter');
      expect(await page.locator('.more').count()).toBe(0);
      const shown = () => page.locator('tbody[id=":rows"] tr:not([hidden])').count();
      await page.getByRole('button', { name: 'failed 3' }).press('Enter');
      expect(await shown()).toBe(3);
      await page.getByRole('searchbox').fill('anna');
      expect(await shown()).toBe(1);
      expect(await page.getByRole('status').innerText()).toBe('1 of 56 items');
      await page.getByRole('searchbox').fill('');
      await page.getByRole('button', { name: 'all 56' }).press('Space');
      expect(await shown()).toBe(56);
      await page.getByRole('combobox').selectOption('credits');
      expect(await page.locator('tbody[id=":rows"] tr').first().getAttribute('id')).toBe('sh040');
      await page.getByRole('combobox').selectOption('sheet');
      expect(await page.locator('tbody[id=":rows"] tr').first().getAttribute('id')).toBe('sh100');
      // A filter in the way of a link gives way.
      await page.getByRole('button', { name: 'failed 3' }).click();
      await page.evaluate(`location.hash = '#sh101'`);
      await page.locator('[id=":more:sh101"]').waitFor();
      expect(await shown()).toBeGreaterThan(56);
    });

    test('ids may be anything that an id may be', async () => {
      const ids = ['items', 'ünï-0', 'a.b', 'x'.repeat(100), '007', 'constructor'];
      await using open = await opened(await written('ids', factsOf(ids.map((id, n) => doneItem(id, n)))));
      const { page, complaints } = open;
      for (const id of ids) {
        await page.evaluate(`location.hash = '#' + encodeURIComponent(${JSON.stringify(id)})`);
        await page.locator(`[id=":more:${id}"]`).waitFor();
      }
      expect(complaints.filter((text) => !text.includes('ERR_FILE_NOT_FOUND'))).toEqual([]);
    });

    test('a folder that was handed over still shows its pictures and plays its films', async () => {
      const picture = await sharp({ create: { width: 96, height: 96, channels: 3, background: '#a56' } })
        .jpeg()
        .toBuffer();
      const facts = factsOf([doneItem('sh 1%', 0, { outputKey: 'x' })], {
        pictures: new Map([[ana.url, 'pictures/ana face.jpg']]),
      });
      const named = { ...facts, outputs: facts.outputs.map((output) => ({ ...output, file: 'hand/over #1.mp4' })) };
      const home = join(root, 'hand');
      await mkdir(join(home, 'pictures'), { recursive: true });
      await writeFile(join(home, 'pictures', 'ana face.jpg'), picture);
      await writeFile(join(home, 'over #1.mp4'), film);
      await written('hand', named);
      const elsewhere = join(root, 'somewhere', 'else');
      await mkdir(join(root, 'somewhere'));
      await rename(home, elsewhere);
      await using open = await opened(join(elsewhere, 'report.html'), { hash: `#${encodeURIComponent('sh 1%')}` });
      const { page, asked, complaints } = open;
      await page.locator('video').waitFor();
      const played = await page.evaluate(`(async () => {
      const video = document.querySelector('video');
      video.muted = true;
      const ended = new Promise((done) => video.addEventListener('ended', done));
      await video.play();
      await ended;
      return video.currentTime;
    })()`);
      expect(played).toBeCloseTo(1, 1);
      expect(await page.evaluate(`[...document.images].map((image) => image.naturalWidth)`)).toEqual([96, 96, 96]);
      expect(await page.locator('#sh\\ 1\\% img').getAttribute('alt')).toBe('face ana');
      expect(complaints).toEqual([]);
      expect(asked.every((url) => url.startsWith(pathToFileURL(elsewhere).href))).toBe(true);
    });

    test.each(['light', 'dark'] as const)('no serious finding of axe (%s), closed and opened', async (scheme) => {
      await using open = await opened(
        await written(`axe-${scheme}`, factsOf([doneItem('sh1', 0), ...troubledItems(1)])),
        { scheme },
      );
      const { page } = open;
      for (const id of ['sh040', 'sh014', 'sh042']) await page.locator(`#${id} .tog`).click();
      // The page's policy rightly refuses foreign scripts; the debugger's own evaluation is not bound by it.
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<AxeResult>('axe.run()');
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => [id, nodes[0]?.target, nodes[0]?.failureSummary])).toEqual([]);
    });

    test('narrow windows do not scroll sideways', async () => {
      await using open = await opened(await written('narrow', springFacts()));
      const { page } = open;
      await page.setViewportSize({ width: 400, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    });

    test('5,000 items: at most 15 MB, usable within 3 s of work, and quick to search', async () => {
      const many = Array.from({ length: 4991 }, (_, n) => {
        const signature = `X-Amz-Credential=AKIA/20261123/eu-north-1/s3/aws4_request&X-Amz-Signature=${'0a'.repeat(32)}`;
        const one = doneItem(`sh${10_000 + n}`, n, { note: n % 10 === 0 ? 'wide shot, evening' : null });
        return { ...one, item: { ...one.item, video: `https://media.example.com/plates/${n}.mp4?${signature}` } };
      });
      const path = await written('many', factsOf([...many, ...troubledItems(5000)]));
      const blank = join(root, 'blank.html');
      await writeFile(blank, '<!doctype html><title>blank</title>');
      await using open = await opened(blank);
      const { page } = open;
      // Time of the page's own thread: what a reader waits for on an idle machine, whatever else runs on this one.
      const cdp = await page.context().newCDPSession(page);
      await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
      const busySeconds = async () => {
        const { metrics } = await cdp.send('Performance.getMetrics');
        return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
      };
      await page.goto(pathToFileURL(path).href);
      await page.locator('#sh10000 .tog').click();
      await page.locator('[id=":more:sh10000"] video').waitFor();
      const opening = await busySeconds();
      expect((await stat(path)).size).toBeLessThan(15_000_000);
      expect(opening).toBeGreaterThan(0.05);
      expect(opening).toBeLessThan(3);
      await page.getByRole('searchbox').fill('sh14321');
      await page.getByText('1 of 5,000 items').waitFor();
      expect((await busySeconds()) - opening).toBeLessThan(1);
      await page.getByRole('searchbox').fill('orphan-task-1');
      await page.getByText('1 of 5,000 items').waitFor();
    });

    test('junit.xml is well-formed, whatever was in the manifest', async () => {
      const xml = reportJunit(
        buildReport(
          factsOf([
            doneItem('a', 0, {
              state: 'failed',
              reason: { code: 'P105', message: '<&"\u0000\uD800\uFFFF]]>', vendor: '\u001B[31m', next: null },
            }),
          ]),
        ),
      );
      await using open = await opened(await written('xml', springFacts()));
      const parsed = await open.page.evaluate(
        `(() => { const xml = new DOMParser().parseFromString(${JSON.stringify(xml)}, 'application/xml');
        return { error: xml.querySelector('parsererror') !== null, cases: xml.querySelectorAll('testcase failure').length }; })()`,
      );
      expect(parsed).toEqual({ error: false, cases: 1 });
    });
  },
);
