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
  SparseArguments(SparseArguments&& other) noexcept
      : own_(std::move(other.own_)),
        arguments_(std::exchange(other.arguments_, &default_queue_arguments)) {}
  SparseArguments& operator=(SparseArguments other) noexcept {
    own_ = std::move(other.own_);
    arguments_ = std::exchange(other.arguments_, &default_queue_arguments);
    return *this;
  }
  ~SparseArguments() = default;

  const QueueArguments& operator*() const { return *arguments_; }
  const QueueArguments* operator->() const { return arguments_; }
  /// For the one that makes them. The reference ends with the next assignment.
  QueueArguments& edit() {
    if (!own_) arguments_ = (own_ = std::make_unique<QueueArguments>()).get();
    return *own_;
  }

  friend bool operator==(const SparseArguments& left, const SparseArguments& right) {
    return left.arguments_ == right.arguments_ || *left == *right;
  }

 private:
  std::unique_ptr<QueueArguments> own_;  ///< Null: the defaults.
  const QueueArguments* arguments_ = &default_queue_arguments;
};

}  // namespace lepus::core
