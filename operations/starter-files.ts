/** What `init` writes. Each file is valid as it stands, so that the first `validate` and the first rehearsal succeed. */

export const STARTER_CONFIG = `# headswap.yaml: where the vendor, the ledger and the outputs are.
# Without a key everything can be rehearsed for free: headswap run manifest.yaml --account emulator
accounts:
  default:
    api_key: \${AKOOL_API_KEY}
    # limits: { create_per_second: 2, open_tasks: 10 }   # ceilings; the pace adapts below them
    # prices: { 480p: 6, 720p: 15 }                      # credits per task, if you know them
defaults: { resolution: 720p }
storage: file:./out
`;

export const STARTER_MANIFEST = `# yaml-language-server: $schema=./manifest.schema.json
version: 1
batch: my-first-batch              # its name is its identity: running it again goes on with it
# project: nordlys
# budget: { credits: 200 }         # never spend more on this batch
defaults:
  resolution: 720p
  # when_people_differ: fail       # wait (for a person) or fail, when a video shows other people than the rule expects
faces:
  ana: { image: https://media.example.com/faces/ana.jpg, consent: C-2026-0142, until: 2027-03-31 }
  bo: https://media.example.com/faces/bo.jpg
items:
  - id: sh010
    video: https://media.example.com/plates/sh010.mp4
    swap: ana                      # the only person in the video
  - id: sh020
    video: https://media.example.com/plates/sh020-2p.mp4
    swap: { 0: ana, 1: bo }        # people by number, as the analysis gives them; keep leaves one as is
  - id: sh030
    video: https://media.example.com/plates/sh030-3p.mp4
    swap: { all: bo }              # everybody, up to five
`;

export const STARTER_SHEET = `id,video,swap,resolution,note
sh010,https://media.example.com/plates/sh010.mp4,ana,720p,the only person
sh020,https://media.example.com/plates/sh020-2p.mp4,0:ana 1:bo,720p,people by number
sh030,https://media.example.com/plates/sh030-3p.mp4,all:bo,480p,everybody
`;

export const STARTER_FACES_CSV = `face,image,consent,until
ana,https://media.example.com/faces/ana.jpg,C-2026-0142,2027-03-31
bo,https://media.example.com/faces/bo.jpg,,
`;
