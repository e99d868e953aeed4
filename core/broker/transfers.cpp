// Counting the confirms of each move down.
#include "core/broker/transfers.h"

#include "core/base/assert.h"

namespace lepus::core {

std::uint64_t Transfers::begin(const QueuePosition& from) {
  moves_.emplace(++last_number_, Move{from});
  return last_number_;
}

void Transfers::expect(std::uint64_t number, std::uint32_t parts) {
  moves_.at(number).parts = parts;
  if (parts == 0) moves_.erase(number);
}

std::optional<Transfers::Done> Transfers::complete(std::uint64_t number, bool refused) {
  const auto found = moves_.find(number);
  CHECK(found != moves_.end());
  Move& move = found->second;
  CHECK(move.parts > 0);
  move.refused |= refused;
  if (--move.parts > 0) return std::nullopt;
  const Done done{move.from, move.refused};
  moves_.erase(found);
  return done;
}

}  // namespace lepus::core
