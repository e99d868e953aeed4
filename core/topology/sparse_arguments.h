// Arguments of a queue that take no memory while they are the defaults, as those of most queues
// are: all of these name one object that nobody changes. Others have their own.
#pragma once

#include <memory>
#include <utility>

#include "core/topology/queue_arguments.h"

namespace lepus::core {

inline const QueueArguments default_queue_arguments{};

class SparseArguments {
 public:
  /// The defaults.
  SparseArguments() = default;
  SparseArguments(QueueArguments arguments) {  // NOLINT(google-explicit-constructor)
    if (arguments != default_queue_arguments) edit() = std::move(arguments);
  }
  SparseArguments(const SparseArguments& other) : SparseArguments(*other) {}
  SparseArguments(SparseArguments&& other) noexcept { arguments_.swap(other.arguments_); }
  SparseArguments& operator=(SparseArguments other) noexcept {
    arguments_.swap(other.arguments_);
    return *this;
  }
  ~SparseArguments() = default;

  const QueueArguments& operator*() const { return *arguments_; }
  const QueueArguments* operator->() const { return arguments_.get(); }
  /// For the one that makes them. The reference ends with the next assignment.
  QueueArguments& edit() {
    if (arguments_.get() == &default_queue_arguments)
      arguments_.reset(std::make_unique<QueueArguments>().release());
    return const_cast<QueueArguments&>(*arguments_);  // They are this object's own.
  }

  friend bool operator==(const SparseArguments& left, const SparseArguments& right) {
    return left.arguments_ == right.arguments_ || *left == *right;
  }

 private:
  struct DeleteOwn {
    void operator()(const QueueArguments* arguments) const {
      if (arguments != &default_queue_arguments)
        std::default_delete<const QueueArguments>{}(arguments);
    }
  };
  std::unique_ptr<const QueueArguments, DeleteOwn> arguments_{&default_queue_arguments};
};

}  // namespace lepus::core
