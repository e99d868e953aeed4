// Names, secrets, counters and the table of connection.start.
#include "net/amqp/services.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/message/field_table.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::amqp {
namespace {

class ServicesTest : public ::testing::Test {
 protected:
  Services::Parts parts(std::uint64_t seed, core::QuotaCounter* uses = nullptr) {
    return {
        &world_.broker(), &world_.server().services().loop(), &settings_, &log_, seed, uses, {}};
  }
  static std::string cluster_name(const Services& services) {
    return std::string{core::FieldTable{services.server_properties()}.find("cluster_name")->text()};
  }

  test::BrokerWorld world_{{}};
  core::NullLog log_;
  Settings settings_;
};

TEST_F(ServicesTest, NamesAreOfTheirSeedAndDiffer) {
  Services one{parts(1)};
  Services same{parts(1)};
  Services other{parts(2)};
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    const std::string name = one.generate_name("amq.gen-");
    EXPECT_EQ(name.size(), 8U + 22U);
    EXPECT_TRUE(name.starts_with("amq.gen-"));
    EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_",
                                     8),
              std::string::npos);
    EXPECT_EQ(same.generate_name("amq.gen-"), name);
    EXPECT_NE(other.generate_name("amq.gen-"), name);
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 100U);
}

TEST_F(ServicesTest, ItSaysWhatTheSettingsSay) {
  settings_.cluster_name = "first";
  Services services{parts(1)};
  EXPECT_EQ(cluster_name(services), "first");
  Settings later;
  later.cluster_name = "second";
  services.set_settings(later);
  EXPECT_EQ(cluster_name(services), "second");
  EXPECT_EQ(&services.settings(), &later);
  const auto capabilities =
      core::FieldTable{services.server_properties()}.find("capabilities")->table();
  EXPECT_TRUE(capabilities.find("connection.blocked")->as_bool());
}

TEST_F(ServicesTest, ItCountsAloneUnlessAllShardsCountTogether) {
  const core::QuotaKey key{core::QuotaKey::Kind::user_channels, 7};
  core::LocalQuotaCounter all;
  Services together{parts(1, &all)};
  Services alone{parts(1)};
  EXPECT_TRUE(together.uses().acquire(key, {}));
  EXPECT_EQ(all.count(key), 1U);
  EXPECT_EQ(alone.uses().count(key), 0U);
  EXPECT_TRUE(alone.uses().acquire(key, {}));
  EXPECT_EQ(alone.uses().count(key), 1U);
  EXPECT_EQ(all.count(key), 1U);
}

TEST_F(ServicesTest, SecretsDiffer) {
  Services services{parts(1)};
  EXPECT_NE(services.next_secret(), services.next_secret());
}

}  // namespace
}  // namespace lepus::amqp
