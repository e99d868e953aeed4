// Which of the operators' changes may be under way together. A definitions import is planned with
// the users, permissions, policies and parameters that the catalog holds: while it is under way
// nobody else changes those, and it begins when the last such change is answered. Changes that come
// while an import waits, wait behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/assert.h"

namespace lepus::server {

class ChangeOrder {
 public:
  bool may_change() const { return !import_ && waiting_imports_ == 0; }
  void begin_change() {
    CHECK(may_change());
    ++changes_;
  }
  /// A change was answered, also one that nobody waits for any more.
  void end_change() {
    CHECK(changes_ > 0);
    --changes_;
  }

  void await_import() { ++waiting_imports_; }
  /// It begins, or gives up.
  void stop_waiting() {
    CHECK(waiting_imports_ > 0);
    --waiting_imports_;
  }
  bool may_import() const { return !import_ && changes_ == 0; }
  /// `number`: of the request.
  void begin_import(std::uint32_t number) {
    CHECK(may_import());
    import_ = number;
  }
  /// An import has its last answer; nothing happens if it is not the one under way.
  void end_import(std::uint32_t number) {
    if (import_ == number) import_.reset();
  }

 private:
  std::size_t changes_ = 0;  ///< Sent to the control thread and not answered.
  std::size_t waiting_imports_ = 0;
  std::optional<std::uint32_t> import_;  ///< The one under way.
};

}  // namespace lepus::server
