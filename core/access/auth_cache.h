// Answers of services outside of the broker that were given lately, for a while: who asked once
// need not be asked for each declaration and each publish. Of one shard; logins are not kept.
//
// All answers are kept equally long, so the oldest is the first to go: by age, or to make room.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/time.h"
#include "core/exchange/text_hash.h"
#include "core/limits.h"

namespace lepus::core {

class AuthCache {
 public:
  explicit AuthCache(std::size_t size_max = limits::auth_answers_max) : size_max_(size_max) {}

  /// True: allowed. Nothing: not known, or not any more.
  std::optional<bool> find(std::string_view key, Nanos now) const;
  /// Not at all when its time is over already.
  void put(std::string key, bool is_allowed, Nanos now, Nanos until);
  std::size_t size() const { return answers_.size(); }

 private:
  struct Kept {
    bool is_allowed;
    Nanos until;
  };
  struct Place {
    std::string key;
    Nanos until;  ///< Another one than the answer's: it was given anew since.
  };
  void drop_oldest();

  std::size_t size_max_;
  boost::unordered_flat_map<std::string, Kept, TextHash, std::equal_to<>> answers_;
  std::deque<Place> oldest_first_;
};

}  // namespace lepus::core
