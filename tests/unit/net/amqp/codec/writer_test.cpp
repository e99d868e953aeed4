// The writer: what it puts into a send chain, read back as a client would. Contents of every size
// class come out whole, in frames no larger than agreed; large bodies are lent, not copied.
#include "net/amqp/codec/writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <sys/uio.h>

#include "core/base/random.h"
#include "core/limits.h"

namespace lepus::amqp {
namespace {

namespace limits = core::limits;
using ByteVector = std::vector<std::uint8_t>;

class WriterTest : public ::testing::Test {
 protected:
  core::MessageRef message(std::string_view body, core::Bytes properties) {
    core::MessageRef made = core::Message::create(
        {"the exchange", "the key", properties, body.size(), false}, account_);
    // In pieces, as it comes from frames.
    for (std::size_t at = 0; at < body.size(); at += 100'000)
      made->append_body(core::as_bytes(body.substr(at, 100'000)));
    return made;
  }
  static std::string random_body(std::size_t size) {
    core::Random random{size};
    std::string body(size, '\0');
    for (char& character : body) character = static_cast<char>(random.next());
    return body;
  }
  /// Takes everything out of the chain, a few bytes at a time.
  ByteVector drain() {
    core::Random random{7};
    ByteVector all;
    while (!chain_.empty()) {
      iovec pieces[8];
      const auto filled = chain_.fill(pieces, 1 + random.below(50'000));
      for (std::uint32_t i = 0; i < filled.count; ++i) {
        const auto* data = static_cast<const std::uint8_t*>(pieces[i].iov_base);
        all.insert(all.end(), data, data + pieces[i].iov_len);
      }
      chain_.consume(filled.bytes);
    }
    return all;
  }
  std::vector<Frame> frames(core::Bytes input) {
    std::vector<Frame> found;
    while (!input.empty()) {
      const FrameResult result = next_frame(input, payload_max_of(writer_.frame_max()));
      EXPECT_TRUE(result.complete());
      if (!result.complete()) break;
      EXPECT_LE(result.size, writer_.frame_max());
      found.push_back(result.frame);
      input = input.subspan(result.size);
    }
    return found;
  }

  core::MemoryAccount account_;
  net::BlockPool pool_;
  net::SendChain chain_{pool_};
  Writer writer_{chain_};
};

TEST_F(WriterTest, AMethod) {
  writer_.method(7, QueueDeclareOk{"name", 5, 6});
  const ByteVector bytes = drain();
  const auto found = frames(bytes);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].channel, 7U);
  QueueDeclareOk method;
  ASSERT_TRUE(decode(found[0].payload.subspan(method_header_size), method));
  EXPECT_EQ(method.queue, "name");
  EXPECT_EQ(method.message_count, 5U);
}

TEST_F(WriterTest, AMethodLargerThanABlock) {
  const std::string table(20'000, 't');
  writer_.set_frame_max(131'072);
  writer_.method(0, ConnectionStart{0, 9, {}, table, "en_US"});
  const ByteVector bytes = drain();
  const auto found = frames(bytes);
  ASSERT_EQ(found.size(), 1U);
  ConnectionStart method;
  ASSERT_TRUE(decode(found[0].payload.subspan(method_header_size), method));
  EXPECT_EQ(method.mechanisms, table);
}

TEST_F(WriterTest, HeartbeatAndRaw) {
  writer_.heartbeat();
  writer_.raw(core::as_bytes("raw"));
  EXPECT_EQ(drain(), (ByteVector{8, 0, 0, 0, 0, 0, 0, 0xce, 'r', 'a', 'w'}));
}

struct Size {
  std::size_t body;
  std::uint32_t frame_max;
  std::size_t properties = 2;
};
class WriterContent : public WriterTest, public ::testing::WithParamInterface<Size> {};

TEST_P(WriterContent, ComesOutWhole) {
  const Size size = GetParam();
  const std::string body = random_body(size.body);
  const std::string properties = random_body(size.properties);
  writer_.set_frame_max(size.frame_max);
  writer_.content(3, BasicDeliver{"tag", 9, true, "the exchange", "the key"},
                  message(body, core::as_bytes(properties)));
  const ByteVector bytes = drain();
  const auto found = frames(bytes);
  ASSERT_GE(found.size(), 2U);
  BasicDeliver deliver;
  ASSERT_EQ(found[0].type, FrameType::method);
  ASSERT_TRUE(decode(found[0].payload.subspan(method_header_size), deliver));
  EXPECT_EQ(deliver.delivery_tag, 9U);
  EXPECT_EQ(deliver.routing_key, "the key");
  ASSERT_EQ(found[1].type, FrameType::header);
  EXPECT_EQ(core::load_u16(found[1].payload.data()), class_basic);
  EXPECT_EQ(core::load_u64(found[1].payload.data() + 4), body.size());
  EXPECT_EQ(core::as_text(found[1].payload.subspan(content_header_size_min)), properties);
  std::string read;
  for (std::size_t i = 2; i < found.size(); ++i) {
    EXPECT_EQ(found[i].type, FrameType::body);
    EXPECT_EQ(found[i].channel, 3U);
    const bool last = i + 1 == found.size();
    if (!last) {
      EXPECT_EQ(found[i].payload.size(), size.frame_max - frame_overhead);
    }
    read += core::as_text(found[i].payload);
  }
  EXPECT_EQ(read, body);
  EXPECT_EQ(account_.message_bytes, 0U);  // Nothing holds the message any more.
  EXPECT_EQ(pool_.blocks_in_use(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, WriterContent,
    ::testing::Values(Size{0, 4096}, Size{1, 4096}, Size{4088, 4096}, Size{4089, 4096},
                      Size{2 * 4088, 4096}, Size{2 * 4088 + 1, 4096}, Size{8'000, 131'072},
                      Size{8'100, 131'072}, Size{limits::body_copy_max, 131'072},
                      Size{limits::body_copy_max + 1, 131'072}, Size{131'064, 131'072},
                      Size{131'065, 131'072}, Size{limits::body_inline_max, 131'072},
                      Size{limits::body_inline_max + 1, 131'072}, Size{1'000'000, 4096},
                      Size{1 << 20, 131'072}, Size{10, 131'072, 8'000}, Size{10, 131'072, 60'000},
                      Size{200'000, 131'072, 20'000}, Size{0, 131'072, 9'000}));

TEST_F(WriterTest, ALargeBodyIsLentNotCopied) {
  writer_.set_frame_max(131'072);
  core::MessageRef large = message(random_body(1 << 20), {});
  const std::uint64_t memory = account_.message_bytes;
  writer_.content(1, BasicDeliver{"", 1, false, "", ""}, large);
  writer_.content(1, BasicDeliver{"", 2, false, "", ""}, large);
  EXPECT_EQ(account_.message_bytes, memory);
  EXPECT_LT(pool_.bytes_in_use(), std::size_t{100} << 10);
  EXPECT_GT(chain_.size(), std::size_t{2} << 20);
  large = {};
  EXPECT_EQ(account_.message_bytes, memory);  // The chain keeps it.
  chain_.consume(chain_.size() / 2 + 100);
  EXPECT_EQ(account_.message_bytes, memory);
  chain_.clear();
  EXPECT_EQ(account_.message_bytes, 0U);
}

}  // namespace
}  // namespace lepus::amqp
