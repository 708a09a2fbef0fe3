/**
 * The closed list of M codes: everything that can be wrong with a manifest, a sheet or `headswap.yaml`. `explain` prints
 * from here; the readers may use no other code. A code's number never changes its meaning.
 */
interface CodeText {
  readonly title: string;
  readonly explanation: string;
  readonly cure: string;
}

export const MANIFEST_CODES = {
  M001: code(
    'file cannot be read',
    'The file does not exist, is a folder, or this user may not read it.',
    'Check the path and its permissions.',
  ),
  M002: code(
    'a spreadsheet, not a CSV',
    'Workbooks (.xlsx, .xls, .ods, .numbers) are not read: which sheet and which cell values are meant is not certain in them.',
    'In the spreadsheet choose "Save as" or "Download", format "CSV UTF-8 (comma separated)", and give that file.',
  ),
  M003: code(
    'not a text file',
    'The bytes are no text in UTF-8, UTF-16 or Windows-1252.',
    'Save the file as CSV UTF-8 or as YAML.',
  ),
  M004: code(
    'file too large',
    'YAML is held in memory whole; beyond the cap a CSV is the better form, which is read as a stream.',
    'Move the items into a CSV and name it with `from`.',
  ),
  M005: code('nothing in the file', 'The file holds no header, or no items.', 'Add at least one item.'),
  M006: code(
    'file changed while it was read',
    'The file was written to during the reading, so what was checked is not what is there now.',
    'Run the command again when the file is at rest.',
  ),
  M010: code(
    'YAML syntax',
    'The text is not valid YAML at this place.',
    'Correct the marked place; an editor with YAML support shows the same error.',
  ),
  M011: code(
    'merge key',
    '`<<` is not read: what it would mean differs between YAML readers.',
    'Write the fields out, or put them into `defaults`.',
  ),
  M012: code(
    'tag',
    'YAML tags (`!name`) are not read.',
    'Remove the tag; quote the value if it has to start with an exclamation mark.',
  ),
  M013: code('key twice', 'A mapping names one key twice; which one was meant cannot be known.', 'Remove one of them.'),
  M014: code(
    'alias in a circle',
    'An alias (`*name`) stands inside its own anchor, so the value would contain itself.',
    'Write the value out.',
  ),
  M015: code(
    'aliases multiply',
    'Aliases of aliases would grow into more values than any manifest needs.',
    'Write the values out, or use `matrix`.',
  ),
  M016: code(
    'nested too deeply',
    'Brackets or indentation go deeper than any manifest needs.',
    'Look for a bracket that is not closed.',
  ),
  M017: code(
    'no space after the colon',
    'YAML reads `{0:ana}` as one word. A space after the colon makes it a number with a face.',
    'Write `{0: ana}`.',
  ),
  M018: code('several documents', 'One file holds one manifest; `---` began a second one.', 'Split the file.'),
  M019: code('key is not a word', 'Keys have to be plain words or numbers.', 'Write the key as a plain word.'),
  M020: code(
    'stray quote',
    'A cell that holds a quote, the delimiter or a line break has to be quoted as a whole, and quotes inside are doubled.',
    'Quote the whole cell, without blanks outside of the quotes, and double the quotes inside; a spreadsheet does it when it saves as CSV.',
  ),
  M021: code(
    'row with more or fewer cells',
    'The row does not have as many cells as the header, so its cells stand under the wrong columns.',
    'Quote cells that contain the delimiter; add or remove delimiters until the count is right.',
  ),
  M022: code(
    'column missing',
    'The sheet lacks a column it cannot do without.',
    'The first row has to name the columns: `id,video,swap`, or `id,video,person,face`.',
  ),
  M023: code(
    'column twice',
    'Two columns have the same name; which one counts cannot be known.',
    'Rename or remove one.',
  ),
  M024: code(
    'column name not allowed',
    'The name has a special meaning inside programs and is refused.',
    'Rename the column.',
  ),
  M025: code(
    'column not known',
    'The column is not read. (warning)',
    'Correct its name, or let it start with `x_` to carry it to the report.',
  ),
  M026: code(
    'two forms mixed',
    'A sheet has either a `swap` column, or `person` and `face` columns.',
    'Keep one form.',
  ),
  M027: code(
    'id looks reshaped',
    'Spreadsheets turn ids such as 1E05 or 3-4 into numbers or dates when they open a file. (warning)',
    'Format the id column as text, correct the ids, save again.',
  ),
  M028: code(
    'cells without a column name',
    'Some rows have cells in a column without a name; they are not read. (warning)',
    'Name the column, or clear the cells.',
  ),
  M029: code(
    'batch name made from the file name',
    'The file name holds characters that no batch name may have, so a name was made from it. (warning)',
    'Use --batch NAME, or rename the file.',
  ),
  M101: code(
    'unknown key',
    'The key is not known here, so it would be ignored; it is refused instead.',
    'Correct it; own fields start with `x_`.',
  ),
  M102: code('field missing', 'A field that is needed is not there.', 'Add it.'),
  M103: code(
    'value of the wrong kind',
    'The value is not of the kind this field takes.',
    'See the description in the manifest reference.',
  ),
  M104: code(
    'needs quotes',
    'Without quotes YAML reads this word as true, false or nothing, not as text.',
    'Put quotes around it, or leave the field out.',
  ),
  M105: code('version not known', 'This program reads version 1 of the format.', 'Write `version: 1`.'),
  M106: code(
    'not available yet',
    'The field belongs to a part that is not available in this version. It is refused, never ignored.',
    'Remove it until then.',
  ),
  M107: code('fields exclude each other', 'These fields cannot stand in one entry.', 'Split the entry.'),
  M109: code(
    'batch name',
    "A batch's name is its identity: letters, digits, `. _ -`, at most 100, not starting with a dot.",
    'Choose another name.',
  ),
  M110: code(
    'id',
    'An id has letters, digits, `. _ -`, at most 100 characters, and does not start with a dot.',
    'Choose another id.',
  ),
  M111: code(
    'face',
    'A face has a name that starts with a letter, and a public http(s) URL.',
    'Correct the definition of the face.',
  ),
  M112: code(
    'unknown face',
    'No face has this name: not in the manifest, not in faces.csv or --faces, not in headswap.yaml.',
    'Correct the name, or define the face. Upper and lower case are the same.',
  ),
  M113: code(
    'swap rule',
    'The swap rule cannot be read.',
    'Write a face, an URL, `pick`, `skip`, `all:face`, or numbers with faces: `0:ana 1:bo`.',
  ),
  M114: code(
    'reserved word',
    '`pick`, `skip`, `keep` and `all` have a meaning in swap rules and cannot be names of faces.',
    'Rename the face.',
  ),
  M115: code(
    'too many people',
    'One task replaces 1 to 5 people.',
    'Name at most 5 people; split the video if more have to be replaced.',
  ),
  M116: code(
    'no swap rule',
    'The item does not say what to do, and there is no default.',
    'Fill `swap`, or set `defaults.swap`; `skip` records the item without doing it.',
  ),
  M117: code(
    'URL',
    'This is no URL that the vendor could fetch.',
    'Give a public http(s) URL, with blanks written as %20.',
  ),
  M118: code(
    'address inside a private network',
    'The vendor fetches from outside; it cannot reach private, local or loopback addresses.',
    'Give a public URL. For tests and the emulator set `allow_private_hosts: true`.',
  ),
  M119: code(
    'a path, not an URL',
    'The vendor fetches the file itself and cannot see local paths or `file:` URLs.',
    'Upload the file to where the vendor can fetch it, and give that http(s) URL.',
  ),
  M120: code(
    'setting',
    'The value is not one of those the vendor takes.',
    'Use one of the values named in the message.',
  ),
  M121: code('yes or no', 'The cell is neither yes nor no.', 'Write true/false, yes/no or 1/0.'),
  M122: code(
    'output path',
    'The output would lie outside of the storage, or under a name that some file system refuses.',
    'Use a relative path such as `{batch}/{id}.mp4`.',
  ),
  M123: code(
    'unknown placeholder',
    'The placeholder is not known here.',
    'Correct it; a literal brace is written `{{`.',
  ),
  M124: code('date', 'The date is not a day of the calendar in the form YYYY-MM-DD.', 'Write it as 2027-03-31.'),
  M125: code('too long', 'The text is longer than the field takes.', 'Shorten it.'),
  M126: code(
    'no consent',
    'headswap.yaml says `require: [consent]`, and the face has none on record.',
    'Add its consent to `faces:` or faces.csv; a URL in place has to become a named face.',
  ),
  M127: code(
    'consent ended',
    'headswap.yaml says `require: [consent]`, and the last day of the consent is past.',
    'Use another face, or correct `until` once the consent is renewed.',
  ),
  M130: code('matrix axis', 'An axis is a list of different texts, named with a letter first.', 'Correct the axis.'),
  M131: code(
    'exclude',
    'The exclude names an axis or a value that does not exist, or matches no combination, so it does not do what it was written for.',
    'Correct or remove it.',
  ),
  M132: code('matrix too large', 'One entry may become at most 100,000 items.', 'Split the entry.'),
  M140: code(
    '`from` outside the folder',
    "`from` names a file outside the manifest's folder, also by a link.",
    'Move the CSV beside the manifest.',
  ),
  M141: code('`from` is not a CSV', '`from` takes a CSV; manifests do not nest.', 'Give a CSV.'),
  M150: code(
    'id twice',
    'Two rows have the same id and differ; which one was meant cannot be known.',
    'Give one of them another id.',
  ),
  M151: code('row repeated', 'The same row stands twice; it counts once. (warning)', 'Remove one.'),
  M152: code(
    'the same work twice',
    'Two ids ask for the same video, faces and settings: the second would be paid for nothing.',
    'Remove one, or change what should differ.',
  ),
  M153: code(
    'two items, one output',
    'Two items would write to one output path; paths that differ only by upper and lower case, or by the Unicode form, are one file on many disks.',
    'Change `output` or an id.',
  ),
  M160: code(
    'person',
    'The person is a number as the analysis gives it (0, 1, ...), or `all`, or empty where there is only one.',
    'Correct the cell.',
  ),
  M161: code(
    'rows of one item disagree',
    'Rows with one id belong together, but say different things in the same column.',
    'Say it once, or the same in all of them.',
  ),
  M180: code(
    'variable not set',
    'The configuration takes this value from an environment variable that is not set.',
    'Set the variable, or remove the line.',
  ),
  M181: code(
    'not a whole-value variable',
    '`${NAME}` is replaced only where it is the whole value, and only in secrets.',
    'Write the value out, or use the environment variable that overrides it.',
  ),
  M182: code('configuration value', 'The value cannot be used here.', 'Correct it as the message says.'),
  M183: code('key file', 'The key file cannot be read, or is empty.', 'Check the path and its permissions.'),
  'M-removed': code(
    'row removed',
    'The row is no longer in the manifest, and nothing was paid for it.',
    'Put the row back and run again if it was removed by mistake.',
  ),
} as const satisfies Record<string, CodeText>;

export type ManifestCode = keyof typeof MANIFEST_CODES;

/** Codes that warn: the manifest can be used as it is. */
export const WARNING_CODES: ReadonlySet<string> = new Set<ManifestCode>([
  'M025',
  'M027',
  'M028',
  'M029',
  'M151',
  'M180',
  'M183',
]);

function code(title: string, explanation: string, cure: string): CodeText {
  return { title, explanation, cure };
}
