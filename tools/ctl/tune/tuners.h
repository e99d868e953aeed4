// Settings of the kernel that a broker is quicker or safer with: what each is on this machine, and
// what it should be. Nothing is changed here (tune.h does), and never by the broker itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lepus::ctl {

/// A file of /proc or /sys that holds one value.
struct TuneSetting {
  std::string path;  ///< Below the root; empty: nothing that could be written.
  std::string current;
  std::string wanted;
  bool is_good = false;
};

struct Tuner {
  std::string_view name;
  std::string_view why;
  std::vector<TuneSetting> settings;
  std::string unsupported;  ///< Why it is not for this machine; empty: it is.
};

/// Where to look.
struct TunePlace {
  std::string root;  ///< In front of /proc and /sys; tests have trees of their own.
  std::string data_dir = "/var/lib/lepus";
  std::string irq_cpus;   ///< "0-1": where interrupts of network cards go. Empty: left alone.
  std::string interface;  ///< Empty: all that are devices.
};

/// All of them, in the order of the manual.
std::vector<Tuner> find_tuners(const TunePlace& place);

/// The first line of a file below the root, without blanks at its ends; nothing there: empty.
std::string read_value(const TunePlace& place, const std::string& path);

/// "always [madvise] never" has the value "madvise".
std::string chosen_of(std::string_view text);

}  // namespace lepus::ctl
