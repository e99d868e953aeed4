// The terminal of a view that is drawn again and again: keys one by one, its size, and everything
// as it was in the end.
#pragma once

#include <termios.h>

#include <cstddef>

namespace lepus::ctl {

enum class Key : int {
  none = -1,
  end_of_input = -2,
  up = 1000,
  down,
  left,
  right,
  enter,
  tab,
  escape,
  backspace
};

class Terminal {
 public:
  /// Standard input and output are terminals. On another screen, which goes with this object.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static bool is_there();
  struct Size {
    std::size_t columns;
    std::size_t rows;
  };
  static Size size();
  /// Waits so long; Key::none: nothing came. Others are characters.
  static Key read_key(int wait_ms);

 private:
  termios before_{};
};

}  // namespace lepus::ctl
