/** 64-bit hash of a text in two words; two multiplicative lanes (after cyrb53), enough for a million keys (chance of a clash 3e-8). */
function hashWords(text: string, out: Uint32Array): void {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  out[0] = high >>> 0;
  out[1] = low >>> 0;
}

/**
 * Remembers for each text where it was seen first, without keeping the texts: 16 bytes a slot, so that a million rows cost
 * tens of megabytes and not hundreds. Open addressing, at most half full. `value` is below 2^32 - 1, `extra` any 32-bit number.
 */
export class SeenTable {
  #slots = 1 << 12;
  #used = 0;
  #keys = new Uint32Array(this.#slots * 2);
  /** First value + 1, so that 0 means an empty slot; then two more words. */
  #values = new Uint32Array(this.#slots * 2);
  readonly #hash = new Uint32Array(2);

  /** Stores the value unless the text is known; returns what was stored before, or null. */
  first(text: string, value: number, extra = 0): { readonly value: number; readonly extra: number } | null {
    hashWords(text, this.#hash);
    const [high = 0, low = 0] = this.#hash;
    const slot = this.#find(high, low);
    const stored = this.#values[slot * 2] ?? 0;
    if (stored !== 0) return { value: stored - 1, extra: this.#values[slot * 2 + 1] ?? 0 };
    this.#keys[slot * 2] = high;
    this.#keys[slot * 2 + 1] = low;
    this.#values[slot * 2] = value + 1;
    this.#values[slot * 2 + 1] = extra;
    if (++this.#used * 2 > this.#slots) this.#grow();
    return null;
  }

  #find(high: number, low: number): number {
    const mask = this.#slots - 1;
    let slot = low & mask;
    while (this.#values[slot * 2] !== 0 && (this.#keys[slot * 2] !== high || this.#keys[slot * 2 + 1] !== low))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values, slots] = [this.#keys, this.#values, this.#slots];
    this.#slots = slots * 2;
    this.#keys = new Uint32Array(this.#slots * 2);
    this.#values = new Uint32Array(this.#slots * 2);
    for (let old = 0; old < slots; old++) {
      if (values[old * 2] === 0) continue;
      const slot = this.#find(keys[old * 2] ?? 0, keys[old * 2 + 1] ?? 0);
      this.#keys.set(keys.subarray(old * 2, old * 2 + 2), slot * 2);
      this.#values.set(values.subarray(old * 2, old * 2 + 2), slot * 2);
    }
  }
}

/** 32 bits of a text's hash, to tell equal contents from different ones. */
export function contentWord(text: string): number {
  const words = new Uint32Array(2);
  hashWords(text, words);
  return ((words[0] ?? 0) ^ Math.imul(words[1] ?? 0, 31)) >>> 0;
}
