/**
 * The emulator never fetches a source: what it "finds" is written in the URL's file name. `crowd-3p.mp4` shows three
 * people, `empty-0p.mp4` nobody, `long-25s.mp4` lasts 25 seconds; one person and 10 seconds otherwise.
 */
export function peopleIn(video: string, byPart: Readonly<Record<string, number>>): number {
  for (const [part, count] of Object.entries(byPart)) if (video.includes(part)) return count;
  return numberIn(video, /-(\d{1,2})p(?![0-9a-z])/i) ?? 1;
}

export function secondsOf(video: string): number {
  return numberIn(video, /-(\d{1,3}(?:\.\d+)?)s(?![0-9a-z])/i) ?? 10;
}

function numberIn(video: string, pattern: RegExp): number | null {
  const path = video.split(/[?#]/, 1)[0] ?? '';
  const found = pattern.exec(path.slice(path.lastIndexOf('/') + 1));
  return found === null ? null : Number(found[1]);
}
