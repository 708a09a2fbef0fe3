import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { escapeXml, reportJunit } from '../../report/junit.ts';
import { springFacts } from './sample-facts.ts';

test('one case per item; failed and cancelled fail, skipped are skipped, what is not finished is an error', () => {
  const xml = reportJunit(buildReport(springFacts()));
  expect(xml).toContain('<testsuite name="spring-campaign-fr" tests="56" failures="3" errors="3" skipped="1"');
  expect(xml.match(/<testcase /g)).toHaveLength(56);
  expect(xml).toContain(
    '<testcase name="sh100" classname="spring-campaign-fr" file="shots.csv" line="2" time="112.000"/>',
  );
  expect(xml).toContain(
    '<failure type="P105" message="task failed">face not clear enough in &lt;frame&gt; 12 &amp; 13',
  );
  expect(xml).toContain('<skipped message="skipped by the manifest"/>');
  expect(xml).toContain('<error type="U101" message="not finished (uncertain): answer lost">');
});

test('any text becomes XML text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const xml = escapeXml(text);
      expect(xml).not.toMatch(/[<>"]/);
      expect(xml.replaceAll(/&(amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
      expect(xml.isWellFormed()).toBe(true);
      // oxlint-disable-next-line no-control-regex -- what XML 1.0 forbids
      expect(xml).not.toMatch(/[\u0000-\u001F\uFFFE\uFFFF]/);
    }),
  );
});
