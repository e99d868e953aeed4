// The compiler and the machine, for lwIP. Its assertions are about its own memory: there is no way
// to go on.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LWIP_PLATFORM_DIAG(text) \
  do {                           \
  } while (0)
#define LWIP_PLATFORM_ASSERT(text)                   \
  do {                                               \
    fprintf(stderr, "lepus: TCP stack: %s\n", text); \
    abort();                                         \
  } while (0)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
// lwIP would call a function for each.
#define lwip_htons(number) __builtin_bswap16(number)
#define lwip_htonl(number) __builtin_bswap32(number)
#endif
#define LWIP_RAND() ((unsigned)rand())

#ifdef __cplusplus
extern "C" {
#endif
/// The Internet checksum's sum of `size` bytes at any address, in the machine's order.
unsigned short lepus_checksum(const void* bytes, int size);
#ifdef __cplusplus
}
#endif
