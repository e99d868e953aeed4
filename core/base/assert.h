// Assertions that stay on in production. A failed CHECK is a programmer's error: the process stops
// with the file, line and expression. Operating errors (bad input, peer gone, disk full) are values
// instead.
#pragma once

namespace lepus::core {

[[noreturn, gnu::cold, gnu::noinline]] void check_failed(const char* expression, const char* file,
                                                         int line) noexcept;

}  // namespace lepus::core

#define CHECK(expression)                                           \
  do {                                                              \
    if (__builtin_expect(!(expression), 0))                         \
      ::lepus::core::check_failed(#expression, __FILE__, __LINE__); \
  } while (0)
