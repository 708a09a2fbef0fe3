import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, ROOT } from './pages.ts';

/** As GitHub makes them of headings, and those written by hand. */
function anchorsOf(text: string): ReadonlySet<string> {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...prose.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]);
}

function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

describe('links between pages', () => {
  const all = pages();

  it('lead somewhere, and to a place that is there', () => {
    let followed = 0;
    for (const { path, text } of all) {
      for (const link of linksOf(text)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : normalize(join(dirname(path), file));
        expect(existsSync(join(ROOT, target)), `${path} links to ${link}`).toBe(true);
        if (anchor !== undefined) {
          const anchors = anchorsOf(readFileSync(join(ROOT, target), 'utf8'));
          expect(anchors.has(anchor), `${path} links to ${link}`).toBe(true);
        }
        followed += 1;
      }
    }
    expect(followed).toBeGreaterThan(100);
  });

  it('reach every page from the README', () => {
    const seen = new Set<string>(['README.md']);
    for (const path of seen) {
      for (const link of linksOf(all.find((page) => page.path === path)?.text ?? '')) {
        const [file = ''] = link.split('#');
        if (file.endsWith('.md') && !/^[a-z]+:/.test(file)) seen.add(normalize(join(dirname(path), file)));
      }
    }
    for (const { path } of all) expect(seen, path).toContain(path);
  });
});
