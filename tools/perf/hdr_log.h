// Histograms in the formats of HdrHistogram: the compressed V2 encoding, and its log of intervals.
//
//   line     "Tag=confirm," start_s "," length_s "," max_ms "," base64
//   base64   cookie 0x1c849314 (4) | size (4) | zlib of:
//   encoding cookie 0x1c849313 (4) | size of the payload (4) | normalizing offset (4) = 0
//            | significant digits (4) = 2 | lowest (8) = 1 | highest (8) | ratio (8) = 1.0
//   payload  counts by index, each a zigzag LEB128; a negative number stands for that many zeros
//
// All numbers are big-endian. With two significant digits HdrHistogram has 256 buckets below 256
// and 128 for each power of two above: exactly ours, so an index is a bucket, nothing is rounded.
#pragma once

#include <string>
#include <vector>

#include "tools/perf/histogram.h"
#include "tools/perf/measure.h"

namespace lepus::perf {

// One histogram, as a field of the log. PerfError when zlib fails.
std::string encode_hdr(const HistogramCounts& counts);
// The intervals' latencies, and with the tag "confirm" their confirms', in nanoseconds.
std::string hdr_log(const std::vector<Interval>& intervals);

}  // namespace lepus::perf
