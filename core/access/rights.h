// What a user may do when something else than the topology's permissions says so: a service outside
// of the broker. Its answers may still have to be asked for.
//
//   judge() -> allowed | refused
//           -> unknown: the caller gives up what it was about, without having changed anything,
//                       by an error that is_undecided; when the answer is there it does it again
#pragma once

#include <string>
#include <string_view>

#include "core/access/access_rules.h"

namespace lepus::core {

enum class Verdict : std::uint8_t { allowed, refused, unknown };

class Rights {
 public:
  virtual ~Rights() = default;
  virtual Verdict judge(const AccessQuestion& question) = 0;
  /// Of a routing key at a topic exchange.
  virtual Verdict judge(const TopicQuestion& question) = 0;
  virtual bool has_tag(std::string_view tag) const = 0;
  /// What the text of a refusal goes on with: why it is one, where more is to be said.
  virtual std::string refusal_note() const { return {}; }
};

}  // namespace lepus::core
