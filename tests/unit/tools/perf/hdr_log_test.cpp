// The V2 encoding, read back by a reader of its own; tests/perf reads it with HdrHistogram itself.
#include "tools/perf/hdr_log.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>

namespace lepus::perf {

namespace {

std::string from_base64(std::string_view text) {
  std::string bytes;
  uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    group = group << 6 | static_cast<uint32_t>(digits.find(c));
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(group >> (bits -= 8));
  }
  return bytes;
}

uint64_t big_endian(const std::string& bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t index = 0; index < size; ++index)
    value = value << 8 | static_cast<uint8_t>(bytes.at(at + index));
  return value;
}

// Counts by index.
std::map<size_t, int64_t> decode(std::string_view text) {
  const std::string framed = from_base64(text);
  EXPECT_EQ(big_endian(framed, 0, 4), 0x1c849314u);
  EXPECT_EQ(big_endian(framed, 4, 4), framed.size() - 8);
  std::string plain(1 << 20, '\0');
  uLongf size = plain.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                       reinterpret_cast<const Bytef*>(framed.data()) + 8, framed.size() - 8),
            Z_OK);
  plain.resize(size);
  EXPECT_EQ(big_endian(plain, 0, 4), 0x1c849313u);
  EXPECT_EQ(big_endian(plain, 4, 4), plain.size() - 40);
  EXPECT_EQ(big_endian(plain, 12, 4), 2u);  // digits
  EXPECT_EQ(big_endian(plain, 16, 8), 1u);  // lowest
  std::map<size_t, int64_t> counts;
  size_t index = 0;
  for (size_t at = 40; at < plain.size();) {
    uint64_t coded = 0;
    for (unsigned byte = 0; byte < 9; ++byte) {
      const auto part = static_cast<uint8_t>(plain.at(at++));
      if (byte == 8) {
        coded |= uint64_t{part} << 56;
        break;
      }
      coded |= uint64_t{part & 0x7Fu} << (7 * byte);
      if (part < 0x80) break;
    }
    const auto number = static_cast<int64_t>(coded >> 1) ^ -static_cast<int64_t>(coded & 1);
    if (number < 0) {
      index += static_cast<size_t>(-number);
    } else {
      counts[index++] = number;
    }
  }
  return counts;
}

}  // namespace

TEST(HdrLog, CountsAreReadBackAtTheirIndices) {
  HistogramCounts counts;
  counts.add(0, 1);
  counts.add(7, 100);
  counts.add(255, 3);
  counts.add(256, 1);
  counts.add(bucket_of(5000000), 123456789012345);
  const std::map<size_t, int64_t> read = decode(encode_hdr(counts));
  EXPECT_EQ(read,
            (std::map<size_t, int64_t>{
                {0, 1}, {7, 100}, {255, 3}, {256, 1}, {bucket_of(5000000), 123456789012345}}));
}

TEST(HdrLog, CountsOfAllWidthsSurvive) {
  HistogramCounts counts;
  for (unsigned bit = 0; bit < 62; ++bit) counts.add(bit * 3, (uint64_t{1} << bit) + 1);
  const std::map<size_t, int64_t> read = decode(encode_hdr(counts));
  for (unsigned bit = 0; bit < 62; ++bit)
    EXPECT_EQ(read.at(bit * 3), static_cast<int64_t>((uint64_t{1} << bit) + 1)) << bit;
}

TEST(HdrLog, AnEmptyHistogramHasNoPayload) { EXPECT_TRUE(decode(encode_hdr({})).empty()); }

TEST(HdrLog, EachIntervalHasALineAndConfirmsATag) {
  Interval interval;
  interval.end_s = 2;
  interval.seconds = 1;
  interval.stats.latency.add(bucket_of(1000), 5);
  interval.stats.latency.raise_max(1000);
  const std::string plain = hdr_log({interval});
  EXPECT_NE(plain.find("\n1.000,1.000,0.001,HISTFAAAA"), std::string::npos) << plain;
  EXPECT_EQ(plain.find("Tag="), std::string::npos);
  interval.stats.confirm_latency.add(1, 1);
  EXPECT_NE(hdr_log({interval}).find("\nTag=confirm,1.000,1.000,"), std::string::npos);
}

}  // namespace lepus::perf
