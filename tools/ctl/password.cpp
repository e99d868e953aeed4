// See password.h.
#include "tools/ctl/password.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>

namespace lepus::ctl {

namespace {

constexpr std::size_t password_size_max = 64 << 10;

/// While it lives the terminal does not show what is typed, and cannot be left so by a signal.
class Silence {
 public:
  Silence() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask_);
    is_terminal_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!is_terminal_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (is_terminal_) (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  sigset_t mask_{};
  bool is_terminal_ = false;
};

/// Byte by byte: what follows the line is not ours.
std::optional<std::string> read_line() {
  std::string line;
  for (;;) {
    char letter = 0;
    const ssize_t size = ::read(STDIN_FILENO, &letter, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return line.empty() ? std::nullopt : std::optional{line};
    if (letter == '\n') break;
    line += letter;
    if (line.size() > password_size_max) return std::nullopt;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::optional<std::string> read_password() {
  if (isatty(STDIN_FILENO) == 0) return read_line();
  std::fputs("Password: ", stderr);
  std::optional<std::string> line;
  {
    const Silence silence;
    line = read_line();
  }
  std::fputs("\n", stderr);
  return line;
}

}  // namespace lepus::ctl
