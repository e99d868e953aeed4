// The one exception of lepus-perf. Whatever stops a run (bad option, refused connection, close from
// the broker, broken protocol) becomes a PerfError whose text is meant for the user; main() prints
// it and exits with code 1.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <string>

namespace lepus::perf {

class PerfError : public std::runtime_error {
 public:
  // The arguments are written one after the other.
  template <class... Parts>
  explicit PerfError(const Parts&... parts) : std::runtime_error(join(parts...)) {}

 private:
  template <class... Parts>
  static std::string join(const Parts&... parts) {
    std::string text;
    (fmt::format_to(std::back_inserter(text), "{}", parts), ...);
    return text;
  }
};

}  // namespace lepus::perf
