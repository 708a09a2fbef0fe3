import type { NotifyTarget } from '../schemas/config.ts';
import { NOTICE_EVENTS, type NoticeEvent } from '../schemas/notice.ts';
import { Secret } from '../schemas/secret.ts';
import type { ConfigReader } from './config-reader.ts';
import { textOf, valueOf } from './yaml-data.ts';
import { asMap } from './yaml-manifest.ts';
import type { YamlMap, YamlTree } from './yaml-tree.ts';

/** The receivers of notifications. Addresses and secrets may come from the environment, and never show. */
export function readNotify(root: YamlMap | null, reader: ConfigReader): readonly NotifyTarget[] {
  const list = root === null ? null : valueOf(root, 'notify');
  if (list?.kind !== 'list') return [];
  const names = new Set<string>();
  return list.items.flatMap((item, index) => {
    const map = asMap(item);
    if (map === null) return [];
    const path = `/notify/${index}`;
    const kind = textOf(valueOf(map, 'kind')) === 'slack' ? 'slack' : 'webhook';
    const name = textOf(valueOf(map, 'name')) ?? `${kind}-${index + 1}`;
    if (names.has(name)) {
      const help = 'give each receiver a name of its own';
      reader.fault({ code: 'M182', message: `two receivers are called "${name}"`, help }, item, path);
    }
    names.add(name);
    const url = secretOf(map, 'url', path, reader);
    const secret = secretOf(map, 'secret', path, reader);
    checkSecret(map, { kind, secret }, path, reader);
    const events = valueOf(map, 'events');
    const chosen = events?.kind === 'list' ? events.items.map((event) => textOf(event) ?? '') : NOTICE_EVENTS;
    const known = NOTICE_EVENTS.filter((event: NoticeEvent) => (chosen as readonly string[]).includes(event));
    reader.note(`notify.${name}`, `${kind}, ${known.join(' ')}`, reader.originOf(item));
    return [{ name, kind, url, secret, events: known }];
  });
}

function secretOf(map: YamlMap, key: 'url' | 'secret', path: string, reader: ConfigReader): Secret | null {
  const tree = valueOf(map, key);
  if (tree?.kind !== 'scalar' || textOf(tree) === null) return null;
  const text = reader.interpolated(tree, `${path}/${key}`);
  return text === null ? null : new Secret(text.trim());
}

function checkSecret(
  map: YamlMap,
  { kind, secret }: Pick<NotifyTarget, 'kind' | 'secret'>,
  path: string,
  reader: ConfigReader,
): void {
  const tree: YamlTree = valueOf(map, 'secret') ?? map;
  if (kind === 'slack' && valueOf(map, 'secret') !== null) {
    reader.fault(
      {
        code: 'M182',
        message: 'Slack-compatible messages are not signed',
        help: 'remove secret, or use kind: webhook',
      },
      tree,
      `${path}/secret`,
    );
  }
  if (kind !== 'webhook' || secret === null) return;
  if (/^whsec_[A-Za-z0-9+/]{16,200}={0,2}$/u.test(secret.reveal())) return;
  reader.fault(
    {
      code: 'M182',
      message: 'the secret of a webhook starts with whsec_ and goes on in base64',
      help: 'make one with: echo whsec_$(openssl rand -base64 32)',
    },
    tree,
    `${path}/secret`,
  );
}
