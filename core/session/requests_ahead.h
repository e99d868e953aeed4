// The declarations and bindings of a session that were asked for while the answer to one before
// them is awaited, in order. Bounded in number and bytes.
//
//   push() ... -> waiting --send()--> with the request in front of them to the control thread
//                                --on_decided()--> done, done, failed -> pop()
//
// What goes to the control thread together is answered together; each entry then knows what became
// of it. Entries that were not sent are judged when they are popped.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/assert.h"
#include "core/limits.h"
#include "core/session/pending_answer.h"
#include "core/topology/topology_request.h"

namespace lepus::core {

class RequestsAhead {
 public:
  struct Entry {
    PendingAnswer::Origin origin;
    PendingAnswer::Request awaited;
    TopologyRequest request;                        ///< Moved away once it is sent.
    bool is_decided = false;                        ///< By the control thread.
    std::optional<AmqpError> error = std::nullopt;  ///< Of one that is decided; none: it is done.
  };

  bool empty() const { return entries_ == nullptr; }
  bool is_full() const {
    return !empty() && (entries_->size() >= limits::requests_ahead_max ||
                        argument_bytes_ >= limits::requests_ahead_bytes_max);
  }
  /// Its first entries are with the control thread.
  bool is_sent() const { return sent_count_ > 0; }
  std::size_t sent_count() const { return sent_count_; }

  void push(Entry entry);
  /// The oldest, which is not with the control thread.
  Entry pop();
  void clear();
  /// Takes the requests of the oldest entries, to the first for which may_go(request) is false.
  /// Null: there is none.
  template <class F>
  std::unique_ptr<std::vector<TopologyRequest>> send(F&& may_go) {
    CHECK(!is_sent());
    if (empty()) return nullptr;
    auto sent = std::make_unique<std::vector<TopologyRequest>>();
    for (Entry& entry : *entries_) {
      CHECK(!entry.is_decided);
      if (!may_go(std::as_const(entry.request))) break;
      sent->push_back(std::move(entry.request));
    }
    sent_count_ = sent->size();
    if (sent->empty()) return nullptr;
    return sent;
  }
  /// `done_count` of those that were sent are done. With an error, which then is of the next, those
  /// behind it are as if they had not been asked for; without, all are done.
  void on_decided(std::size_t done_count, const std::unique_ptr<AmqpError>& error);

 private:
  std::unique_ptr<std::deque<Entry>> entries_;  ///< Null: there are none.
  std::size_t sent_count_ = 0;
  std::size_t argument_bytes_ = 0;  ///< Of the entries; 0 when there are none.
};

}  // namespace lepus::core
