/** Where an export goes: into a file on the disk as it comes, or into one that is saved at its end. */

import { h } from '../../dom.js';

/** How much is collected before it is given to the browser to keep, in bytes. */
const partSize = 8 << 20;

/**
 * @typedef {object} ExportFile
 * @property {(bytes: Uint8Array<ArrayBuffer>) => Promise<void>} write
 * @property {(filename: string, save: (content: Blob, filename: string) => void) => Promise<void>} end
 *   keeps what was written
 * @property {() => Promise<void>} discard keeps nothing
 */

/**
 * @param {boolean} isLarge whether it may be too large to be kept in the browser
 * @param {string} format
 * @returns {Promise<ExportFile>} rejects with an AbortError if nobody wants to choose a file
 */
export async function pickFile(isLarge, format) {
  const picker = /** @type {((options: object) => Promise<FileSystemFileHandle>) | undefined} */ (Reflect.get(window, 'showSaveFilePicker'));
  if (!isLarge || !picker) return new CollectedFile();
  const handle = await picker({ suggestedName: `logs.${format}` });
  const stream = await handle.createWritable();
  return {
    write: (bytes) => stream.write(bytes),
    // Until it is closed, the file is what it was before.
    end: () => stream.close(),
    discard: () => stream.abort(),
  };
}

/** Collects in parts, which a browser may keep on its disk. @implements {ExportFile} */
class CollectedFile {
  /** @type {Blob[]} */
  #parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #chunks = [];
  #size = 0;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  async write(bytes) {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= partSize) this.#pack();
  }

  /** @param {string} filename @param {(content: Blob, filename: string) => void} save */
  async end(filename, save) {
    this.#pack();
    save(new Blob(this.#parts), filename);
  }

  async discard() {
    this.#parts = [];
    this.#chunks = [];
  }

  #pack() {
    this.#parts.push(new Blob(this.#chunks));
    this.#chunks = [];
    this.#size = 0;
  }
}

/** How long the browser may take to begin with a file, in milliseconds. */
const saveTime = 60_000;

/**
 * Saves a file as if a link to it had been followed.
 * @param {Blob} content
 * @param {string} filename
 */
export function download(content, filename) {
  const address = URL.createObjectURL(content);
  const anchor = h('a', { href: address, download: filename, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), saveTime);
}
