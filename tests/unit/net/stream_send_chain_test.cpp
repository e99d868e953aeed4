// The chain against a plain string, and what it promises about blocks and owners.
#include "core/limits.h"
#include "net/stream/send_chain.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <string>

#include <sys/uio.h>

#include "core/base/random.h"

namespace lepus::net {
namespace {

struct CountingOwner final : SendOwner {
  void release_sent() override { ++released; }
  std::string bytes;
  int released = 0;
};

std::string content(const SendChain& chain, std::uint32_t pieces_max = 64) {
  std::array<iovec, 64> pieces{};
  const SendChain::Filled filled = chain.fill(std::span(pieces).first(pieces_max), SIZE_MAX);
  std::string all;
  for (std::uint32_t i = 0; i < filled.count; ++i) {
    all.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  EXPECT_EQ(all.size(), filled.bytes);
  return all;
}

void write(SendChain& chain, std::string_view text) {
  std::memcpy(chain.reserve(text.size() + 10), text.data(), text.size());
  chain.commit(text.size());
}

TEST(SendChain, NeighbouringSmallPiecesAreOnePiece) {
  BlockPool pool;
  SendChain chain(pool);
  EXPECT_EQ(pool.blocks_in_use(), 0U);
  write(chain, "ab");
  chain.append(core::as_bytes("cd"));
  write(chain, "ef");
  EXPECT_EQ(content(chain, 1), "abcdef");
  EXPECT_EQ(chain.size(), 6U);
  chain.consume(4);
  EXPECT_EQ(content(chain), "ef");
  chain.consume(2);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(pool.blocks_in_use(), 0U);
  EXPECT_EQ(pool.blocks_idle(), 1U);
}

TEST(SendChain, ReferencesKeepTheirPlaceAndAreReleasedOnce) {
  BlockPool pool;
  CountingOwner owner;
  owner.bytes = "REFERENCE";
  SendChain chain(pool);
  chain.append(core::as_bytes("a"));
  chain.append_ref(core::as_bytes(owner.bytes), &owner);
  chain.append(core::as_bytes("b"));
  EXPECT_EQ(content(chain), "aREFERENCEb");
  chain.consume(9);
  EXPECT_EQ(owner.released, 0);
  chain.consume(1);
  EXPECT_EQ(owner.released, 1);
  EXPECT_EQ(content(chain), "b");
  chain.append_ref({}, &owner);
  EXPECT_EQ(owner.released, 2);
  chain.append_ref(core::as_bytes(owner.bytes), &owner);
  chain.clear();
  EXPECT_EQ(owner.released, 3);
  EXPECT_EQ(pool.blocks_in_use(), 0U);
}

TEST(SendChain, AbandonedReservationLeavesNothing) {
  BlockPool pool;
  SendChain chain(pool);
  EXPECT_NE(chain.reserve(100), nullptr);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(content(chain), "");
  chain.append(core::as_bytes("x"));
  EXPECT_NE(chain.reserve(core::limits::send_reserve_max), nullptr);
  EXPECT_EQ(content(chain), "x");
  chain.consume(1);
  chain.clear();
  EXPECT_EQ(pool.blocks_in_use(), 0U);
}

TEST(SendChain, BytesMaxCutsTheLastPiece) {
  BlockPool pool;
  SendChain chain(pool);
  chain.append(core::as_bytes("0123456789"));
  std::array<iovec, 4> pieces{};
  const SendChain::Filled filled = chain.fill(pieces, 4);
  EXPECT_EQ(filled.count, 1U);
  EXPECT_EQ(filled.bytes, 4U);
  chain.clear();
}

TEST(BlockPool, KeepsNoMoreIdleBlocksThanAllowed) {
  BlockPool pool(2);
  SendChain chain(pool);
  chain.append(core::Bytes(std::vector<std::uint8_t>(10 * BlockPool::block_size)));
  EXPECT_GE(pool.blocks_in_use(), 10U);
  EXPECT_EQ(pool.bytes_in_use(), pool.blocks_in_use() * BlockPool::block_size);
  chain.clear();
  EXPECT_EQ(pool.blocks_idle(), 2U);
}

struct Model {
  explicit Model(std::uint64_t seed) : random(seed) {}

  std::string random_text(std::size_t size_max) {
    std::string text(random.below(size_max), '\0');
    for (char& c : text) c = static_cast<char>(random.next());
    return text;
  }
  void step() {
    switch (random.below(7)) {
      case 0: {
        const std::string text = "w" + random_text(core::limits::send_reserve_max - 20);
        write(chain, text);
        expected += text;
        break;
      }
      case 1: {
        const std::string text = random_text(random.chance(10) ? 60'000 : 100);
        chain.append(core::as_bytes(text));
        expected += text;
        break;
      }
      case 2: {
        owners.emplace_back();
        owners.back().bytes = random_text(20'000);
        expected += owners.back().bytes;
        chain.append_ref(core::as_bytes(owners.back().bytes), &owners.back());
        break;
      }
      case 3: {
        if (lent > 0) return acknowledge();
        const std::size_t size = random.below(expected.size() + 1);
        chain.consume(size);
        expected.erase(0, size);
        break;
      }
      case 4:
        return lend();
      case 5:
        return acknowledge();
      case 6: {
        const std::size_t size = random.below(lent + 1);
        chain.end_loan(size);
        expected.erase(0, size);
        lent = 0;
        break;
      }
    }
  }
  void lend() {
    std::array<iovec, 8> pieces{};
    const std::size_t max = 1 + random.below(30'000);
    const auto filled = chain.lend(std::span(pieces).first(1 + random.below(8)), max);
    std::string got;
    for (std::uint32_t i = 0; i < filled.count; ++i)
      got.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    EXPECT_EQ(got, std::string_view(expected).substr(lent, got.size()));
    EXPECT_EQ(got.size(), filled.bytes);
    EXPECT_EQ(got.empty(), lent == expected.size());
    lent += got.size();
  }
  void acknowledge() {
    const std::size_t size = random.below(lent + 1);
    chain.acknowledge(size);
    expected.erase(0, size);
    lent -= size;
  }

  core::Random random;
  BlockPool pool{4};
  std::deque<CountingOwner> owners;
  std::string expected;
  std::size_t lent = 0;
  SendChain chain{pool};
};

TEST(SendChain, AgreesWithAModel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Model model(seed);
    for (int i = 0; i < 300; ++i) {
      model.step();
      ASSERT_EQ(model.chain.size(), model.expected.size());
      const std::string start = content(model.chain);
      ASSERT_TRUE(model.expected.starts_with(start));
      ASSERT_EQ(start.empty(), model.expected.empty());
      ASSERT_EQ(model.chain.empty(), model.pool.blocks_in_use() == 0);
    }
    model.chain.end_loan(0);
    model.chain.clear();
    ASSERT_EQ(model.pool.blocks_in_use(), 0U);
    for (const CountingOwner& owner : model.owners) ASSERT_EQ(owner.released, 1);
  }
}

}  // namespace
}  // namespace lepus::net
