// When a store that failed is asked again, and what those who wait are told.
//
//   works --busy, in doubt--> patient: requests wait --5 s--> refusing: requests get an error
//     ^   --no room, damaged-------------------------------->    |
//     '-------------------- a commit worked ---------------------'
#pragma once

#include <string>

#include "core/base/log.h"
#include "core/base/time.h"
#include "core/broker/ports.h"

namespace lepus::server {

class StoreRetry {
 public:
  explicit StoreRetry(core::Log& log) : log_(log) {}

  /// `text`: what the store says, for the log and the operator.
  void failed(core::DefinitionStore::Fault fault, std::string text, core::Nanos now);
  void worked();

  /// Whoever asks waits, in order.
  bool is_patient() const { return is_patient_; }
  /// It has to be asked again, also when nobody waits.
  bool is_in_doubt() const {
    return has_failed_ && fault_ == core::DefinitionStore::Fault::in_doubt;
  }
  /// It works, or its turn has come again.
  bool may_try(core::Nanos now) const { return now >= next_try_; }
  core::Nanos next_try() const { return next_try_; }
  const std::string& text() const { return text_; }
  /// For clients: nothing of the broker's machine.
  std::string reason() const;

 private:
  core::Log& log_;
  bool has_failed_ = false;  ///< And did not work since.
  core::DefinitionStore::Fault fault_ = core::DefinitionStore::Fault::busy;
  std::string text_;
  bool is_patient_ = false;
  core::Nanos patient_until_ = 0;
  core::Nanos next_try_ = 0;
};

}  // namespace lepus::server
