// Arguments that take no memory while they are the defaults.
#include "core/topology/sparse_arguments.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

QueueArguments with_length(std::uint64_t length) {
  QueueArguments arguments;
  arguments.max_length = length;
  return arguments;
}

TEST(SparseArguments, DefaultsAreOneObject) {
  const SparseArguments none;
  const SparseArguments defaults{QueueArguments{}};
  EXPECT_EQ(&*none, &default_queue_arguments);
  EXPECT_EQ(&*defaults, &default_queue_arguments);
}

TEST(SparseArguments, ACopyIsEqualAndOnItsOwn) {
  SparseArguments first{with_length(5)};
  const SparseArguments copy = first;
  EXPECT_EQ(copy, first);
  EXPECT_NE(&*copy, &*first);
  first.edit().max_length = 6;
  EXPECT_EQ(copy->max_length, 5U);
  EXPECT_FALSE(copy == first);
}

TEST(SparseArguments, WhatWasMovedFromIsTheDefaults) {
  SparseArguments first{with_length(5)};
  const SparseArguments second = std::move(first);
  EXPECT_EQ(second->max_length, 5U);
  EXPECT_EQ(&*first, &default_queue_arguments);  // NOLINT(bugprone-use-after-move)
  first = second;
  EXPECT_EQ(first, second);
  first = SparseArguments{};
  EXPECT_EQ(&*first, &default_queue_arguments);
}

TEST(SparseArguments, AnEditLeavesTheDefaultsAlone) {
  SparseArguments arguments;
  arguments.edit().max_length = 7;
  EXPECT_EQ(arguments->max_length, 7U);
  EXPECT_EQ(default_queue_arguments.max_length, std::nullopt);
  const QueueArguments* own = &*arguments;
  arguments.edit().max_length = 8;
  EXPECT_EQ(&*arguments, own);
}

}  // namespace
}  // namespace lepus::core
