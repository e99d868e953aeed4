// See terminal.h.
#include "tools/ctl/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace lepus::ctl {

namespace {

/// The rest of what an arrow key sends, behind the escape: "[A".
Key escape_sequence() {
  pollfd more{STDIN_FILENO, POLLIN, 0};
  constexpr int rest_ms = 20;
  if (::poll(&more, 1, rest_ms) <= 0) return Key::escape;
  std::array<char, 8> rest{};
  const ssize_t size = ::read(STDIN_FILENO, rest.data(), rest.size());
  if (size < 2 || (rest[0] != '[' && rest[0] != 'O')) return Key::none;
  switch (rest[1]) {
    case 'A':
      return Key::up;
    case 'B':
      return Key::down;
    case 'C':
      return Key::right;
    case 'D':
      return Key::left;
    default:
      return Key::none;
  }
}

}  // namespace

bool Terminal::is_there() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

Terminal::Terminal() {
  (void)tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  std::fputs("\x1b[?1049h\x1b[?25l", stdout);
}

Terminal::~Terminal() {
  std::fputs("\x1b[?25h\x1b[?1049l", stdout);
  (void)std::fflush(stdout);
  (void)tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

Terminal::Size Terminal::size() {
  winsize size{};
  constexpr Size preset{80, 24};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return preset;
  return {size.ws_col, size.ws_row};
}

Key Terminal::read_key(int wait_ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, wait_ms) <= 0) return Key::none;
  char key = 0;
  if (::read(STDIN_FILENO, &key, 1) != 1) return Key::end_of_input;
  switch (key) {
    case '\x1b':
      return escape_sequence();
    case '\n':
    case '\r':
      return Key::enter;
    case '\t':
      return Key::tab;
    case '\x7f':
    case '\b':
      return Key::backspace;
    default:
      return static_cast<Key>(static_cast<unsigned char>(key));
  }
}

}  // namespace lepus::ctl
