/** A real browser, where there is one. Nothing is downloaded: Debian's `chromium`, or one that is installed already. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const browserPath = PLACES.find((path) => existsSync(path)) ?? null;
export const WITHOUT_BROWSER = 'no Chromium found; install one (Debian: apt-get install chromium) to run these';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const MORE_FLAGS = ['--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'];

export function launchBrowser(): Promise<Browser> {
  if (browserPath === null) throw new Error(WITHOUT_BROWSER);
  return chromium.launch({ executablePath: browserPath, args: [...FLAGS, ...MORE_FLAGS] });
}
