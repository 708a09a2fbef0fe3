import type { BadRow, ManifestItem } from '../schemas/manifest-item.ts';
import { buildItem, isValidId, looksReshaped, type ItemBuild, type ItemContext, type RawItem } from './build-item.ts';
import { quoted, type Fault } from './fault.ts';
import { ruleText } from './identity.ts';
import { outputKey } from '../schemas/output-version.ts';
import { collisionKey } from './output-path.ts';
import type { Place, ProblemList } from './problem-list.ts';
import { contentWord, SeenTable } from './seen-table.ts';

/** Where an entry comes from, and how its faults find their place. */
export interface EntryOrigin {
  readonly file: string;
  readonly line: number;
  readonly cells: ManifestItem['cells'];
  place(fault: Fault): Place;
}

const FILE_STEP = 2 ** 24;

/**
 * Takes entries in order, gives them their meaning and checks them against each other. With `keep` off only the checks are
 * made, so that a million rows fit into little memory.
 */
export class ItemCollector {
  readonly bad: BadRow[] = [];
  /** Items and bad rows seen. */
  count = 0;
  readonly #items: ManifestItem[] = [];
  readonly #ids = new SeenTable();
  readonly #works = new SeenTable();
  readonly #outputs = new SeenTable();
  readonly #files: string[] = [];
  /** Ids that several different rows claim: none of them is known to be the right one. */
  readonly #contested = new Map<string, { code: string; message: string }>();
  readonly #badIds = new Set<string>();

  readonly #options: {
    readonly problems: ProblemList;
    readonly keep: boolean;
    readonly ignoreQuery: readonly string[];
  };

  constructor(options: { problems: ProblemList; keep: boolean; ignoreQuery: readonly string[] }) {
    this.#options = options;
  }

  add(raw: RawItem, context: ItemContext, origin: EntryOrigin): void {
    const reading = buildItem(raw, context);
    if (raw.id !== null && looksReshaped(raw.id)) {
      const warning: Fault = {
        code: 'M027',
        field: 'id',
        message: `the id ${quoted(raw.id)} looks like a number or date that a spreadsheet made of it`,
        help: 'format the id column as text and check the ids',
      };
      this.#options.problems.add(warning, () => origin.place(warning));
    }
    if (!reading.ok) {
      this.addBad(raw.id, reading.faults, origin);
      return;
    }
    const { item } = reading;
    const clash = this.#clash(item, origin);
    if (clash === 'repeated') return;
    if (clash !== null) {
      this.addBad(clash.code === 'M150' ? null : item.id, [clash], origin);
      return;
    }
    this.count++;
    if (this.#options.keep) this.#items.push({ ...item, file: origin.file, line: origin.line, cells: origin.cells });
  }

  /** Records a row that cannot be used. Its first fault is its reason. */
  addBad(id: string | null, faults: readonly Fault[], origin: EntryOrigin): void {
    for (const fault of faults) this.#options.problems.add(fault, () => origin.place(fault));
    this.count++;
    const [first] = faults;
    if (!this.#options.keep || first === undefined) return;
    const written = id?.trim() ?? '';
    const usable =
      isValidId(written) &&
      (first.code === 'M152' || first.code === 'M153' || this.#ids.first(written, this.#here(origin), 0) === null);
    this.#pushBad(usable ? written : `row-${origin.line}`, first, origin);
  }

  /** The good items in order, and the bad rows. */
  finish(): { items: ManifestItem[]; bad: BadRow[] } {
    const items = this.#items.filter((item) => {
      const reason = this.#contested.get(item.id);
      if (reason !== undefined) this.#pushBad(item.id, reason, item);
      return reason === undefined;
    });
    const order = new Map(this.#files.map((file, index) => [file, index]));
    const bad = this.bad.toSorted((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line);
    return { items, bad };
  }

  #pushBad(
    id: string,
    reason: { code: string; message: string },
    origin: Pick<EntryOrigin, 'file' | 'line' | 'cells'>,
  ): void {
    let unique = id;
    for (let n = 2; this.#badIds.has(unique); n++) unique = `${id}-${n}`;
    this.#badIds.add(unique);
    this.bad.push({
      id: unique,
      file: origin.file,
      line: origin.line,
      code: reason.code,
      message: reason.message,
      cells: origin.cells,
    });
  }

  #clash(item: ItemBuild, origin: EntryOrigin): Fault | 'repeated' | null {
    const here = this.#here(origin);
    const work = ruleText(item, this.#options.ignoreQuery);
    const content = contentWord(work) ^ contentWord(contentBesideWork(item));
    const sameId = this.#ids.first(item.id, here, content >>> 0);
    if (sameId !== null) {
      const repeated = sameId.extra === content >>> 0;
      const fault: Fault = {
        code: repeated ? 'M151' : 'M150',
        field: 'id',
        message: repeated
          ? `the row of ${quoted(item.id)} stands twice, first at ${this.#there(sameId.value)}; it counts once`
          : `the id ${quoted(item.id)} is already taken by another row, at ${this.#there(sameId.value)}`,
        help: repeated ? 'remove one of them' : 'give one of them another id; rows of one id have to say the same',
      };
      if (!repeated) {
        this.#contested.set(item.id, {
          code: 'M150',
          message: `the id ${quoted(item.id)} is taken by several rows that differ`,
        });
        return fault;
      }
      this.#options.problems.add(fault, () => origin.place(fault));
      return 'repeated';
    }
    const paid = item.swap.kind !== 'pick' && item.swap.kind !== 'skip';
    const sameWork = paid ? this.#works.first(work, here) : null;
    if (sameWork !== null) {
      return {
        code: 'M152',
        field: 'id',
        message: `${quoted(item.id)} is the same work as the item at ${this.#there(sameWork.value)}: same video, faces and settings`,
        help: 'remove one, or change what should differ; it would be paid for nothing',
      };
    }
    const sameOutput = this.#outputs.first(collisionKey(outputKey(item.output, 1)), here);
    if (sameOutput === null) return null;
    return {
      code: 'M153',
      field: 'output',
      message: `the output ${quoted(item.output)} is also that of the item at ${this.#there(sameOutput.value)}`,
      help: 'upper and lower case and Unicode forms do not tell files apart; change the id, or put {id} into output',
    };
  }

  #here(origin: EntryOrigin): number {
    let index = this.#files.lastIndexOf(origin.file);
    if (index === -1) index = this.#files.push(origin.file) - 1;
    return Math.min(index, 254) * FILE_STEP + Math.min(origin.line, FILE_STEP - 1);
  }

  #there(packed: number): string {
    return `${this.#files[Math.floor(packed / FILE_STEP)] ?? 'another file'}:${packed % FILE_STEP}`;
  }
}

/** What a row says besides its work, with a separator that no cell may hold. */
function contentBesideWork(item: ItemBuild): string {
  const { rule, output, project, note, check, whenPeopleDiffer } = item;
  let text = `${rule}\u0000${output}\u0000${project ?? ''}\u0000${note ?? ''}\u0000${check ?? ''}\u0000${whenPeopleDiffer}`;
  for (const key in item.x) text += `\u0000${key}\u0000${item.x[key]}`;
  return text;
}
