/** The files of `headswap init`. A test reads each of them with the readers of this folder. */
export const STARTER_CONFIG = `# headswap.yaml: accounts, limits, where the ledger and the outputs are.
# Environment variables win over this file, flags win over both. \`headswap doctor --verbose\` shows where each value came from.
accounts:
  default:
    api_key: \${AKOOL_API_KEY}        # or api_key_file: /run/secrets/akool
    # limits:
    #   create_per_second: 2         # ceilings; the pace adapts below them
    #   open_tasks: 10
    # prices: { 480p: 6, 720p: 15 }  # credits per task; else learnt from the ledger

defaults:
  resolution: 720p                   # fills what manifests and sheets leave out

ledger: sqlite:.headswap/ledger.db   # what was paid, and what came of it: keep it
storage: file:./out
`;

export const STARTER_MANIFEST = `# yaml-language-server: $schema=./manifest.schema.json
# What to swap into what: one batch of videos. Check it with: headswap validate manifest.yaml
version: 1
batch: first-batch                   # its name is its identity: run the same name again and it goes on
# project: nordlys
budget: { credits: 100 }             # never passed

defaults:
  resolution: 720p                   # 480p | 720p
  keep_original_sound: true
  output: "{batch}/{id}.mp4"
  when_people_differ: wait           # wait for a pick | fail

faces:                               # public or signed http(s) URLs: the vendor fetches them itself
  ana: { image: https://media.example.com/faces/ana.jpg, consent: C-2026-0142, until: 2027-03-31 }
  bo: https://media.example.com/faces/bo.jpg

items:                               # started in this order
  - id: sh010
    video: https://media.example.com/plates/sh010.mp4
    swap: ana                        # the only person

  - id: sh020
    video: https://media.example.com/plates/sh020-2p.mp4
    swap: { 0: ana, 1: bo }          # by the number that the analysis gives; mind the space after the colon
    resolution: 480p

  - id: sh030
    video: https://media.example.com/plates/sh030-3p.mp4
    swap: { all: bo }                # everyone, up to 5 people

  # Analysed, then waits for a decision by eye; no task is created before:
  # - id: sh040
  #   video: https://media.example.com/plates/sh040.mp4
  #   swap: pick

  # One entry, many items:
  # - id: "{clip}-{face}"
  #   matrix: { clip: [teaser, hero], face: [ana, bo] }
  #   video: "https://media.example.com/plates/{clip}.mp4"
  #   swap: "{face}"
`;

export const STARTER_SHEET = `id,video,swap,resolution,note
sh010,https://media.example.com/plates/sh010.mp4,ana,,
sh020,https://media.example.com/plates/sh020-2p.mp4,0:ana 1:bo,480p,
sh030,https://media.example.com/plates/sh030-3p.mp4,all:bo,,
`;

export const STARTER_FACES = `face,image,consent,until
ana,https://media.example.com/faces/ana.jpg,C-2026-0142,2027-03-31
bo,https://media.example.com/faces/bo.jpg,,
`;

/** By file name. \`manifest.schema.json\` is copied beside them from schemas/. */
export const STARTER_FILES: readonly { readonly name: string; readonly text: string }[] = [
  { name: 'headswap.yaml', text: STARTER_CONFIG },
  { name: 'manifest.yaml', text: STARTER_MANIFEST },
  { name: 'manifest.csv', text: STARTER_SHEET },
  { name: 'faces.csv', text: STARTER_FACES },
];
