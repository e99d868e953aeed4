// The one way out for a broken invariant: say where, then abort (core dump, systemd restarts).
#include "core/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace lepus::core {

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "lepus: CHECK failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace lepus::core
