/* Table-driven CRC-32 over 1 MiB, many times: loads, shifts and one tight loop. */
#include "start.h"
static unsigned table[256];
static unsigned char data[1 << 20];

static unsigned long kernel(void) {
  for (unsigned i = 0; i < 256; i++) {
    unsigned c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (unsigned i = 0; i < sizeof data; i++) data[i] = i * 2654435761u >> 13;
  unsigned crc = ~0u;
  for (int round = 0; round < 60 * SCALE; round++)
    for (unsigned i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return ~crc;
}
