// Which changes of operators may be under way together.
#include "tools/server/admin/change_order.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

TEST(ChangeOrder, ChangesAreUnderWayTogether) {
  ChangeOrder order;
  EXPECT_TRUE(order.may_change());
  order.begin_change();
  EXPECT_TRUE(order.may_change());
  order.begin_change();
  EXPECT_FALSE(order.may_import());
  order.end_change();
  EXPECT_FALSE(order.may_import());
  order.end_change();
  EXPECT_TRUE(order.may_import());
  EXPECT_DEATH(order.end_change(), "changes_");
}

TEST(ChangeOrder, AnImportIsAlone) {
  ChangeOrder order;
  order.begin_import(7);
  EXPECT_FALSE(order.may_change());
  EXPECT_FALSE(order.may_import());
  order.end_import(6);
  EXPECT_FALSE(order.may_change()) << "that was another request";
  order.end_import(7);
  EXPECT_TRUE(order.may_change());
  EXPECT_TRUE(order.may_import());
}

TEST(ChangeOrder, WhatComesBehindAWaitingImportWaits) {
  ChangeOrder order;
  order.begin_change();
  order.await_import();
  EXPECT_FALSE(order.may_change());
  EXPECT_FALSE(order.may_import());
  order.end_change();
  EXPECT_TRUE(order.may_import());
  order.stop_waiting();
  order.begin_import(1);
  EXPECT_FALSE(order.may_change());
  EXPECT_DEATH(order.stop_waiting(), "waiting_imports_");
}

}  // namespace
}  // namespace lepus::server
