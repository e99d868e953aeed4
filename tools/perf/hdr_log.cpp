// Encoding from the inside out: payload, header, zlib, base64.
#include "tools/perf/hdr_log.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <ctime>

#include "tools/perf/client/error.h"
#include "tools/perf/client/wire.h"

namespace lepus::perf {

namespace {

constexpr uint32_t hdr_cookie = 0x1c849313;
constexpr uint32_t hdr_cookie_compressed = 0x1c849314;
constexpr uint32_t hdr_significant_digits = 2;
// Readers make room for this; an hour, as HdrHistogram's own tools take it.
constexpr uint64_t hdr_highest_ns = 3600ull * 1000 * 1000 * 1000;

// LEB128 of at most 9 bytes: the ninth holds 8 bits.
void put_zigzag(Writer& to, int64_t number) {
  uint64_t left = (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
  for (unsigned byte = 0; byte < 8 && left >= 0x80; ++byte) {
    to.u8(static_cast<unsigned>(left & 0x7F) | 0x80);
    left >>= 7;
  }
  to.u8(static_cast<unsigned>(left & 0xFF));
}

Bytes hdr_payload(const std::vector<uint64_t>& counts) {
  Bytes payload;
  Writer to(payload);
  for (size_t index = 0; index < counts.size();) {
    const size_t start = index;
    while (index < counts.size() && counts[index] == 0) ++index;
    if (index == counts.size()) break;
    if (index > start) put_zigzag(to, -static_cast<int64_t>(index - start));
    put_zigzag(to, static_cast<int64_t>(counts[index++]));
  }
  return payload;
}

std::string base64_of(const Bytes& bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t index = 0; index < bytes.size(); index += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - index);
    for (size_t byte = 0; byte < 3; ++byte)
      group = group << 8 | (byte < count ? uint32_t{bytes[index + byte]} : 0);
    for (size_t digit = 0; digit < 4; ++digit)
      text += digit > count ? '=' : digits[(group >> (18 - 6 * digit)) & 0x3F];
  }
  return text;
}

void append_hdr_line(std::string& log, const char* tag, const Interval& interval,
                     const HistogramCounts& counts) {
  if (counts.count() == 0) return;
  constexpr double ns_per_ms = 1e6;  // what the format calls the maximum's unit ratio
  log += fmt::format("{}{:.3f},{:.3f},{:.3f},{}\n", tag,
                     std::max(0.0, interval.end_s - interval.seconds), interval.seconds,
                     static_cast<double>(counts.max()) / ns_per_ms, encode_hdr(counts));
}

}  // namespace

std::string encode_hdr(const HistogramCounts& counts) {
  const Bytes payload = hdr_payload(counts.counts());
  Bytes plain;
  Writer to(plain);
  to.u32(hdr_cookie);
  to.u32(static_cast<uint32_t>(payload.size()));
  to.u32(0);
  to.u32(hdr_significant_digits);
  to.u64(1);
  const uint64_t used = counts.counts().empty() ? 0 : bucket_value_max(counts.counts().size() - 1);
  // A signed number for its readers, which is why values above it have no place in the format.
  to.u64(std::min(std::max(hdr_highest_ns, used), uint64_t{INT64_MAX}));
  to.u64(std::bit_cast<uint64_t>(1.0));
  plain.insert(plain.end(), payload.begin(), payload.end());

  uLongf size = compressBound(static_cast<uLong>(plain.size()));
  Bytes packed(size);
  if (compress(packed.data(), &size, plain.data(), static_cast<uLong>(plain.size())) != Z_OK)
    throw PerfError("zlib cannot compress a histogram of ", plain.size(), " bytes");
  Bytes framed;
  Writer frame(framed);
  frame.u32(hdr_cookie_compressed);
  frame.u32(static_cast<uint32_t>(size));
  framed.insert(framed.end(), packed.begin(), packed.begin() + static_cast<ptrdiff_t>(size));
  return base64_of(framed);
}

std::string hdr_log(const std::vector<Interval>& intervals) {
  const double length_s = intervals.empty() ? 0 : intervals.back().end_s;
  const double start_s = static_cast<double>(std::time(nullptr)) - length_s;
  std::string log = "#[Latencies in nanoseconds, logged by lepus-perf " LEPUS_VERSION "]\n";
  log += "#[Histogram log format version 1.3]\n";
  log += fmt::format("#[BaseTime: {:.3f} (seconds since epoch)]\n", start_s);
  log += fmt::format("#[StartTime: {:.3f} (seconds since epoch)]\n", start_s);
  log +=
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
  for (const Interval& interval : intervals) {
    append_hdr_line(log, "", interval, interval.stats.latency);
    append_hdr_line(log, "Tag=confirm,", interval, interval.stats.confirm_latency);
  }
  return log;
}

}  // namespace lepus::perf
