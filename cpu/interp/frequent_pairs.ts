/**
 * Pairs of instructions that follow each other often, most frequent first: the interpreter does each under one dispatch
 * (`handlers.ts`). Counted over the code of glibc's libc and libm and the execution of `bench/guests`, equally weighted. `/2` marks a
 * compressed instruction, `!` a direct jump out of its page. Each pair costs about 150 bytes of module.
 */
export const FREQUENT_PAIRS: readonly string[] = `
  add/2 add/2, ld/2 ld/2, sd/2 sd/2, add/2 bge, slli/2 add/2, addi/2 addi/2, add/2 jal!, sb add/2, auipc addi,
  addi addi/2, addi/2 add/2, ld/2 addi/2, addi add/2, ld/2 add/2, add/2 addi/2, addi/2 sd/2, add/2 bne/2,
  addi/2 jalr/2, addiw/2 add/2, add/2 lwu, lwu addiw/2, fld fld/2, add/2 lw/2, addi/2 fmadd.d, fmul.d fadd.d,
  fmadd.d bne, fld/2 addi, sd/2 addi/2, add/2 ld/2, ld ld, auipc ld, ld add/2, addi/2 jal/2, addiw/2 bne,
  andi slli/2, srliw addi/2, addi/2 xor/2, lw/2 xor/2, xor/2 addiw/2, lbu srliw, xor/2 andi, addi/2 blt,
  fmul.d fmul.d, flt.d bne/2, fadd.d fadd.d, addi addi, fadd.d fsub.d, fadd.d flt.d, fadd.d beq,
  fsub.d addiw/2, addiw/2 fmul.d, beq fmul.d, add/2 ld, sd sd, sd/2 add/2, add/2 jal, addi auipc, add/2 jalr/2,
  addi bltu, lbu addi, lw/2 add/2, addi/2 jal!, addi/2 sd, addi/2 beq, add/2 sd/2, slli add, addi jal!,
  slli addi, auipc fld, addi ld/2, bltu slli/2, add/2 jal/2, sd jal/2, sd/2 jal!, addiw add/2, ld addi/2,
  addi/2 bne, ld sd/2, add/2 sd, add/2 addiw, addi slli/2, beq addi/2, bne/2 ld/2, auipc flw, ld/2 sd/2,
  bge addiw/2, lui/2 addi, sd addi/2, addi/2 addi, addiw/2 jal, xor/2 addi/2, add/2 addi, addi/2 ld,
  sd/2 auipc, addi sd/2, ld/2 jal!, add/2 sw/2, slli/2 addi, addi/2 bne/2, add addi/2, ld addi, ld/2 slli,
  add ld/2, add/2 beq, ld ld/2, addi/2 auipc, ld/2 ld, lbu slli, sd/2 ld/2, bne ld/2, beq ld/2, addi/2 ld/2,
  slli add/2, bne addi/2, add/2 auipc, add/2 blt, addi sd, beq add/2, beq/2 ld/2, blt sd/2, lbu addi/2,
  beq/2 addi/2, addi beq, sd jal!, add/2 beq/2, addiw/2 addi/2, add/2 bne, blt add/2
`.split(",").map((pair) => pair.trim());
