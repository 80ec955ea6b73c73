/** `#!` lines (fs/binfmt_script.c, SEMANTICS 5.5): the first 256 bytes decide. */

/** Bytes of the file the kernel looks at (BINPRM_BUF_SIZE). */
export const HEAD = 256;

export type Script =
  | { readonly kind: "not a script" }
  /** A script whose line cannot be used: ENOEXEC. */
  | { readonly kind: "unusable" }
  | { readonly kind: "script"; readonly interpreter: Uint8Array; readonly argument: Uint8Array | undefined };

const SPACE = 0x20, TAB = 0x09, NEWLINE = 0x0a, NUL = 0;
const blank = (c: number): boolean => c === SPACE || c === TAB;

/** `head` holds the first HEAD bytes, or the whole file when it is shorter. */
export const parseScript = (head: Uint8Array): Script => {
  if (head.length < 2 || head[0] !== 0x23 || head[1] !== 0x21) return { kind: "not a script" };
  const newline = head.indexOf(NEWLINE);
  const whole = newline >= 0 || head.length < HEAD;
  let end = newline >= 0 ? newline : head.length;
  let start = 2;
  while (start < end && blank(head[start])) start++;
  let word = start;
  while (word < end && !blank(head[word]) && head[word] !== NUL) word++;
  // A name that runs to the end of the buffer may be cut off.
  if (word === start || (!whole && word === end)) return { kind: "unusable" };
  const interpreter = head.slice(start, word);
  let from = word;
  while (from < end && blank(head[from])) from++;
  const nul = head.indexOf(NUL, from);
  if (nul >= 0 && nul < end) end = nul;
  while (end > from && blank(head[end - 1])) end--;
  return { kind: "script", interpreter, argument: end > from ? head.slice(from, end) : undefined };
};
