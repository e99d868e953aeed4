// The verbs about copies of a broker.
#include <array>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

namespace {

constexpr std::array backup_options{
    OptionSpec{"only-bytes", 0, "", "only_bytes",
               "copies everything, also where files could share their blocks on the disk"},
    OptionSpec{"rate", 0, "size", "rate", "bytes a second that are copied at most, such as 100MB"},
};

constexpr std::array backup_table{
    VerbSpec{
        section::nodes, "backup", "<directory> [--only-bytes] [--rate <size>]",
        "Copies definitions and messages of the running broker, as they are at one moment, into "
        "a directory that is new or empty",
        1, 1, false, false, Answer::backup, "Backing up node {node} to {0} ...", backup_options},
    VerbSpec{section::nodes, "restore", "<backup> <data_directory>",
             "Makes a data directory of a backup, and checks it; the broker need not run", 2, 2,
             false, false, Answer::local, ""},
};

}  // namespace

std::span<const VerbSpec> backup_verbs() { return backup_table; }

}  // namespace lepus::ctl
