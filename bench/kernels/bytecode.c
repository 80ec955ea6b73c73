/* A bytecode machine with a switch: indirect jumps through a table. */
#include "start.h"
enum { PUSH, ADD, SUB, DUP, LOAD, STORE, JUMP_IF, HALT };
static const unsigned char program[] = {
    PUSH, 0, STORE, 0, PUSH, 250, STORE, 1,           /* sum = 0, outer = 250 */
    PUSH, 250, STORE, 2,                               /* inner = 250 */
    LOAD, 0, LOAD, 1, LOAD, 2, ADD, ADD, STORE, 0,     /* sum += outer + inner */
    LOAD, 2, PUSH, 1, SUB, DUP, STORE, 2, JUMP_IF, 12, /* inner-- */
    LOAD, 1, PUSH, 1, SUB, DUP, STORE, 1, JUMP_IF, 8,  /* outer-- */
    HALT,
};

static long run(const unsigned char *code) {
  long stack[16], variables[4], top = 0;
  for (const unsigned char *pc = code;;) switch (*pc++) {
    case PUSH: stack[top++] = *pc++; break;
    case ADD: top--, stack[top - 1] += stack[top]; break;
    case SUB: top--, stack[top - 1] -= stack[top]; break;
    case DUP: stack[top] = stack[top - 1], top++; break;
    case LOAD: stack[top++] = variables[*pc++]; break;
    case STORE: variables[*pc++] = stack[--top]; break;
    case JUMP_IF: pc = stack[--top] ? code + *pc : pc + 1; break;
    case HALT: return variables[0];
    }
}

static unsigned long kernel(void) {
  unsigned long sum = 0;
  const unsigned char *volatile code = program;
  for (int round = 0; round < 60 * SCALE; round++) sum += run(code);
  return sum;
}
