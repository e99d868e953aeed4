// What is said when a journal cannot go on.
#include "persist/journal/journal_parts.h"

#include <fmt/format.h>

#include <cstring>

#include "core/base/assert.h"

namespace lepus::persist {

void fail_journal(const JournalParts& parts, const std::string& why) {
  CHECK(parts.fail != nullptr);
  parts.log->write(core::LogLevel::critical, core::LogCategory::general, "the journal cannot go on",
                   {{"text", why}});
  parts.fail(parts.fail_owner, why);
}

void fail_sync(const JournalParts& parts, int error) {
  fail_journal(parts,
               fmt::format("syncing the journal in {} failed: {}; the broker stops: check the disk",
                           parts.directory, std::strerror(error)));
}

}  // namespace lepus::persist
