/**
 * Instructions that follow each other often, twos first, then longer ones, most frequent first: the interpreter does
 * each chain under one dispatch (`handlers.ts`). Counted over the execution of Debian's python3, bash, busybox, sort
 * and sha256sum, and for a third of `bench/guests`. `/2` marks a compressed instruction, `!` a direct jump out of its
 * page. An instruction of a chain costs about 70 bytes of module.
 */
export const FREQUENT_CHAINS: readonly string[] = `
  sd/2 sd/2, ld/2 ld/2, add/2 add/2, xor xor, roriw roriw, ld/2 addi/2, add/2 bge, slli/2 add/2, addi/2 sd/2,
  addi/2 jalr/2, addw addw, xor addw, addi/2 addi/2, sb add/2, sd/2 addi/2, auipc ld, add/2 ld/2, addi/2 add/2,
  ld/2 add/2, addw roriw, addi addi/2, lw/2 lw/2, lbu lbu, add/2 addi/2, ld ld, add/2 bne/2, addiw/2 add/2,
  add/2 lwu, lwu addiw/2, fld/2 addi, addi/2 fmadd.d, fmadd.d bne, fld fld/2, fmul.d fadd.d, xor and,
  roriw xor, add/2 lw/2, sd/2 add/2, addi add/2, add/2 jal!, add lbu, roriw srliw, srliw xor, addi/2 beq,
  lbu addi/2, lbu sub, sub beq, ld sd/2, ld/2 addi, ld/2 sd/2, slli add/2, ld ld/2, addi/2 blt, addi/2 xor/2,
  andi slli/2, addiw/2 bne, xor/2 addiw/2, srliw addi/2, lw/2 xor/2, xor/2 andi, lbu srliw, addi addi, sd sd,
  ld add/2, addi/2 bne, sd/2 ld/2, fadd.d flt.d, flt.d bne/2, fmul.d fmul.d, fadd.d fsub.d, fsub.d addiw/2,
  addiw/2 fmul.d, fadd.d fadd.d, fadd.d beq, beq fmul.d, lw addw, beq add, and xor, lui addi, sw/2 lw, and and,
  addi/2 jal/2, add/2 bgeu, and addw, addw xor, add/2 sd/2, sd/2 jal!, add/2 ld, lw/2 add/2, addi/2 auipc,
  lbu addi, ld addi/2, add/2 jalr/2, ld/2 slli, addi/2 bne/2, add/2 beq/2, ld jalr, slli addi, auipc lbu,
  addi bne, sb sb, addi/2 beq/2, addw sw/2, addw lw/2, lw/2 roriw, addi bne/2, addi bltu, addi/2 lbu, slli add,
  bne ld/2, add/2 beq, add/2 jal, sd/2 sd/2 sd/2, ld/2 ld/2 ld/2, sd/2 sd/2 sd/2 sd/2, ld/2 ld/2 ld/2 ld/2
`.split(",").map((chain) => chain.trim());
