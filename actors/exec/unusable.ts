/** Why a program cannot be run: an errno for the guest that called execve, words for the person who started it. */
import { Errno, ERRNO_TEXT } from "../../syscalls/abi/errno.ts";

export class UnusableImage extends Errno {
  /** @param late Linux notices it past the point of no return: the process dies of SIGSEGV instead of hearing the errno */
  constructor(no: number, readonly reason: string, readonly late = false) {
    super(no);
  }
}

/** Does `open`, which concerns the interpreter that a program asks for: a failure says so. */
export const ofInterpreter = <T>(path: string, open: () => T): T => {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const reason = error instanceof UnusableImage ? error.reason : ERRNO_TEXT[error.no];
    throw new UnusableImage(
      error.no,
      `its interpreter ${path}: ${reason}`,
      error instanceof UnusableImage && error.late,
    );
  }
};
