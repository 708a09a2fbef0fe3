/** One piece of a template: literal text, or the name inside braces with its place. */
export type TemplatePart =
  | { readonly text: string }
  | { readonly name: string; readonly from: number; readonly length: number };

/** `{name}` is a placeholder, `{{` a literal brace (and `}}` its partner). A brace that is never closed is literal. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  while (at < template.length) {
    const pair = template.slice(at, at + 2);
    const name = template[at] === '{' && pair !== '{{' ? /^\{([^{}]*)\}/u.exec(template.slice(at, at + 130)) : null;
    if (pair === '{{' || pair === '}}') {
      literal += template[at];
      at += 2;
    } else if (name === null) {
      literal += template[at];
      at += 1;
    } else {
      if (literal !== '') parts.push({ text: literal });
      literal = '';
      parts.push({ name: (name[1] ?? '').trim(), from: at, length: name[0].length });
      at += name[0].length;
    }
  }
  if (literal !== '') parts.push({ text: literal });
  return parts;
}

/** Fills a template. Names that `scope` does not have are returned in `unknown`. */
export function fillTemplate(
  parts: readonly TemplatePart[],
  scope: (name: string) => string | undefined,
): { text: string; unknown: { name: string; from: number; length: number }[] } {
  const unknown: { name: string; from: number; length: number }[] = [];
  let text = '';
  for (const part of parts) {
    if ('text' in part) {
      text += part.text;
      continue;
    }
    const value = scope(part.name);
    if (value === undefined) unknown.push({ name: part.name, from: part.from, length: part.length });
    else text += value;
  }
  return { text, unknown };
}
