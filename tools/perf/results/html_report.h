// A page of HTML about results: tables and charts, complete in itself. It asks for nothing from
// elsewhere and has no script; light and dark follow the reader's system.
#pragma once

#include <string>
#include <vector>

#include "tools/perf/results/result_file.h"

namespace lepus::perf {

std::string html_report(const std::string& title, const std::vector<ResultFile>& files);
// The bars of sweeps and the latencies of runs by percentile as one picture.
std::string svg_report(const std::vector<ResultFile>& files);

}  // namespace lepus::perf
