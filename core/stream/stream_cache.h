// Messages of a stream that were read back from disk, for as long as consumers are likely to want
// them: pages of neighbours, the one that was not used for longest goes first, but none that
// messages are on their way to or came to since consumers were served: who waits must get them.
// Consumers that are close together in the stream are served by one read.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <list>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/ids.h"
#include "core/limits.h"
#include "core/message/message.h"

namespace lepus::core {

class StreamCache {
 public:
  static constexpr Sequence page_size = limits::backlog_page_slots;
  static Sequence page_of(Sequence sequence) { return sequence / page_size; }

  /// It was asked for since its page is here: it came, or it is on its way. Of a page some may be
  /// asked for later than others, when they left memory later.
  bool is_asked(Sequence sequence) const;
  void note_asked(Sequence sequence);
  /// What was asked for is not on its way any more: it was put, or is gone.
  void note_answered(Sequence sequence);
  /// What was asked for did not come; it may be asked for again.
  void note_unread(Sequence sequence);
  /// All of the page.
  bool is_page_asked(Sequence page) const;
  /// Null: it is not here. The page was used.
  MessageRef find(Sequence sequence);
  /// Consumers had the chance to take what came.
  void note_served();
  /// What was read.
  void put(Sequence sequence, MessageRef message);
  /// Forgets pages until at most `bytes_max` of memory are held, as far as it may.
  void shrink(std::uint64_t bytes_max);
  /// Memory of the messages.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Page {
    Sequence number = 0;
    std::uint64_t bytes = 0;
    std::uint32_t awaited_count = 0;  ///< Asked for and not answered.
    bool is_fresh = false;            ///< Something came since note_served().
    std::bitset<page_size> asked;
    std::array<MessageRef, page_size> messages;
  };
  std::list<Page> pages_;  ///< Used last: at the end.
  boost::unordered_flat_map<Sequence, std::list<Page>::iterator> index_;
  std::vector<Sequence> fresh_;  ///< Numbers of those pages.
  std::uint64_t bytes_ = 0;
};

}  // namespace lepus::core
