// Times and texts.
#include "tools/server/topology/store_retry.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;
using Fault = core::DefinitionStore::Fault;

void StoreRetry::failed(Fault fault, std::string text, core::Nanos now) {
  if (!std::exchange(has_failed_, true)) {
    patient_until_ = now + core::limits::store_busy_wait;
    log_.write(LogLevel::error, LogCategory::general,
               "definitions cannot be stored: until they can, declarations are refused",
               {{"text", text}});
  }
  fault_ = fault;
  text_ = std::move(text);
  const bool may_pass = fault == Fault::busy || fault == Fault::in_doubt;
  is_patient_ = may_pass && now < patient_until_;
  next_try_ = now + core::limits::store_retry_interval;
}

void StoreRetry::worked() {
  if (!std::exchange(has_failed_, false)) return;
  is_patient_ = false;
  next_try_ = 0;
  log_.write(LogLevel::info, LogCategory::general, "definitions can be stored again", {});
}

std::string StoreRetry::reason() const {
  switch (fault_) {
    case Fault::busy:
      return "definitions cannot be stored now, another program has locked the catalog";
    case Fault::no_room:
      return "definitions cannot be stored now, there is no room on the disk";
    case Fault::in_doubt:
      return "definitions cannot be stored now, their disk fails; a restart may find this one";
    case Fault::damaged:
      break;
  }
  return "definitions cannot be stored, the catalog is damaged";
}

}  // namespace lepus::server
