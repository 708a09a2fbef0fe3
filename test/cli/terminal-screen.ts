/** A terminal in miniature: the few sequences the program uses, and a count of what it was made to do. */
export class TerminalScreen {
  readonly isTTY = true;
  redraws = 0;
  rows: string[] = [''];
  #row = 0;

  write(text: string): boolean {
    // oxlint-disable-next-line no-control-regex -- escape sequences are what this looks for
    for (const [part] of text.matchAll(/\u001b\[[?0-9;]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/gu)) this.#take(part);
    return true;
  }

  #take(part: string): void {
    if (part === '\r') return;
    if (part === '\n') {
      this.#row += 1;
      if (this.rows[this.#row] === undefined) this.rows[this.#row] = '';
      return;
    }
    // oxlint-disable-next-line no-control-regex -- escape sequences are what this looks for
    const sequence = /^\u001b\[([?0-9;]*)([A-Za-z])$/u.exec(part);
    if (sequence === null) {
      this.rows[this.#row] += part;
      return;
    }
    const [, number = '', letter] = sequence;
    if (letter === 'A') this.#row -= Number(number);
    else if (letter === 'J') {
      this.rows.length = this.#row + 1;
      this.rows[this.#row] = '';
    } else if (letter === 'h' && number === '?2026') this.redraws += 1;
    else if (letter !== 'm' && letter !== 'l') throw new Error(`unknown sequence ${JSON.stringify(part)}`);
    if (this.#row < 0) throw new Error('moved above the screen');
  }

  get text(): string[] {
    return this.rows.filter((row, index) => row !== '' || index < this.rows.length - 1);
  }
}
