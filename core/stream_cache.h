// Messages of a stream that were read back from disk, for as long as consumers are likely to want
// them: pages of neighbours, the one that was not used for longest goes first. Consumers that are
// close together in the stream are served by one read.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <list>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/backlog.h"
#include "core/limits.h"
#include "core/message.h"

namespace lepus::core {

class StreamCache {
 public:
  static constexpr Sequence page_size = limits::backlog_page_slots;
  static Sequence page_of(Sequence sequence) { return sequence / page_size; }

  /// It was asked for since its page is here: it came, or it is on its way. Of a page some may be
  /// asked for later than others, when they left memory later.
  bool is_asked(Sequence sequence) const;
  void note_asked(Sequence sequence);
  /// All of the page.
  bool is_page_asked(Sequence page) const;
  /// Null: it is not here. The page was used.
  MessageRef find(Sequence sequence);
  /// What was read. Dropped when its page is gone.
  void put(Sequence sequence, MessageRef message);
  /// Forgets pages until at most `bytes_max` of memory are held.
  void shrink(std::uint64_t bytes_max);
  /// Memory of the messages.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Page {
    Sequence number = 0;
    std::uint64_t bytes = 0;
    std::bitset<page_size> asked;
    std::array<MessageRef, page_size> messages;
  };
  std::list<Page> pages_;  ///< Used last: at the end.
  boost::unordered_flat_map<Sequence, std::list<Page>::iterator> index_;
  std::uint64_t bytes_ = 0;
};

}  // namespace lepus::core
