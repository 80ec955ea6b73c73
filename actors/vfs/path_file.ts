/** A descriptor opened with O_PATH: a place in the tree, nothing more. */
import { E } from "../../syscalls/abi/errno.ts";
import { OpenFile } from "./open_file.ts";

export class PathFile extends OpenFile {
  override read(): number {
    return -E.BADF;
  }
  override write(): number {
    return -E.BADF;
  }
  protected closed(): void {}
}
