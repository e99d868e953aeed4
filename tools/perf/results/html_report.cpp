// Which tables and charts a set of results gets: runs over time, sweeps by cell.
#include "tools/perf/results/html_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/perf/charts/chart.h"

namespace lepus::perf {

namespace {

constexpr size_t curves_max = 8;  // lines that can be told apart
constexpr size_t percentile_charts_max = 12;

struct NamedResult {
  std::string name;
  const Result* result = nullptr;
};

// The single runs of all files: with the file's name, and the broker's where that tells more.
std::vector<NamedResult> single_runs(const std::vector<ResultFile>& files) {
  std::vector<NamedResult> runs;
  for (const ResultFile& file : files) {
    if (!file.is_sweep) runs.push_back({file.label(), &file.results.front()});
  }
  return runs;
}

struct Column {
  const char* title;
  const char* metric;
  Quantity quantity;
};
constexpr Column result_columns[] = {
    {"sent /s", "published_per_s", Quantity::count},
    {"received /s", "delivered_per_s", Quantity::count},
    {"confirmed /s", "confirmed_per_s", Quantity::count},
    {"operations /s", "operations_per_s", Quantity::count},
    {"p50", "latency_us.p50", Quantity::microseconds},
    {"p99", "latency_us.p99", Quantity::microseconds},
    {"p99.9", "latency_us.p99_9", Quantity::microseconds},
    {"max", "latency_us.max", Quantity::microseconds},
    {"confirm p50", "confirm_latency_us.p50", Quantity::microseconds},
    {"confirm p99", "confirm_latency_us.p99", Quantity::microseconds},
    {"broker CPU each", "broker.cpu_us_per_message", Quantity::microseconds},
    {"broker memory", "broker.rss_kib_max", Quantity::kibibytes},
};

// Means over repetitions; the lowest and highest for whiskers.
Bar bar_of(const std::vector<const Result*>& results, std::string_view metric) {
  Bar bar;
  size_t count = 0;
  for (const Result* result : results) {
    const std::optional<double> value = result->metric(metric);
    if (!value) continue;
    bar.low = count == 0 ? *value : std::min(bar.low, *value);
    bar.high = count == 0 ? *value : std::max(bar.high, *value);
    bar.value += *value;
    ++count;
  }
  if (count > 0) bar.value /= static_cast<double>(count);
  return bar;
}

struct TableRow {
  std::vector<std::string> heads;
  std::vector<const Result*> results;
};

// Columns in which no row has anything are left out.
std::string results_table(const std::vector<std::string>& head_titles,
                          const std::vector<TableRow>& rows) {
  std::vector<const Column*> shown;
  for (const Column& column : result_columns) {
    const bool is_used = std::any_of(rows.begin(), rows.end(), [&](const TableRow& row) {
      return bar_of(row.results, column.metric).value > 0;
    });
    if (is_used) shown.push_back(&column);
  }
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string& title : head_titles)
    html += fmt::format("<th scope=\"col\">{}</th>", escape_html(title));
  for (const Column* column : shown)
    html += fmt::format("<th scope=\"col\" class=\"n\">{}</th>", escape_html(column->title));
  html += "</tr></thead><tbody>\n";
  for (const TableRow& row : rows) {
    html += "<tr>";
    for (const std::string& head : row.heads)
      html += fmt::format("<th scope=\"row\">{}</th>", escape_html(head));
    for (const Column* column : shown) {
      const double value = bar_of(row.results, column->metric).value;
      html += fmt::format("<td class=\"n\">{}</td>",
                          value > 0 ? escape_html(quantity_text(column->quantity, value)) : "–");
    }
    html += "</tr>\n";
    for (const Result* result : row.results) {
      if (result->error.empty()) continue;
      html += fmt::format("<tr><td class=\"error\" colspan=\"{}\">{}</td></tr>\n",
                          head_titles.size() + shown.size(), escape_html(result->error));
    }
  }
  return html + "</tbody></table></div>\n";
}

std::string parts_table(const char* title, const std::vector<ResultPart>& parts) {
  if (parts.empty()) return {};
  std::string html = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">{}</th><th class=\"n\">sent "
      "/s</th><th class=\"n\">received /s</th><th class=\"n\">operations /s</th><th "
      "class=\"n\">p50</th><th class=\"n\">p99</th></tr></thead><tbody>\n",
      title);
  const auto cell = [](Quantity quantity, double value) {
    return fmt::format("<td class=\"n\">{}</td>",
                       value > 0 ? escape_html(quantity_text(quantity, value)) : "–");
  };
  for (const ResultPart& part : parts) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(part.name)) +
            cell(Quantity::count, part.published_per_s) +
            cell(Quantity::count, part.delivered_per_s) +
            cell(Quantity::count, part.operations_per_s) +
            cell(Quantity::microseconds, part.latency_p50_us) +
            cell(Quantity::microseconds, part.latency_p99_us) + "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

Series over_time(const std::string& name, const Result& result, double ResultInterval::*value) {
  Series series{name, {}};
  for (const ResultInterval& interval : result.intervals) {
    if (interval.*value > 0) series.points.emplace_back(interval.end_s, interval.*value);
  }
  return series;
}

LineChart percentile_chart(const std::string& title, const std::vector<NamedResult>& runs) {
  LineChart chart;
  chart.title = title;
  chart.x_label = "percentile";
  chart.quantity = Quantity::microseconds;
  chart.is_log = chart.is_percentiles = true;
  for (const NamedResult& run : runs) {
    if (chart.series.size() == curves_max) break;
    Series series{run.name, {}};
    for (const auto& [us, fraction] : run.result->distribution) {
      if (fraction < 1 && us > 0) series.points.emplace_back(fraction, us);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

LineChart cdf_chart(const std::vector<NamedResult>& runs) {
  LineChart chart;
  chart.title = "Share of messages by latency up to p99";
  chart.x_label = "latency in µs";
  for (const NamedResult& run : runs) {
    if (chart.series.size() == curves_max) break;
    Series series{run.name, {}};
    constexpr double shown_fraction_max = 0.99;
    for (const auto& [us, fraction] : run.result->distribution) {
      if (fraction <= shown_fraction_max) series.points.emplace_back(us, fraction);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

std::vector<std::string> run_charts(const std::vector<NamedResult>& runs) {
  if (runs.empty()) return {};
  LineChart rates{"Messages per second", "seconds", Quantity::count, false, false, {}, {}};
  LineChart latencies{"Latency over time", "seconds", Quantity::microseconds, true, false, {}, {}};
  LineChart memory{"Memory of the broker", "seconds", Quantity::kibibytes, false, false, {}, {}};
  for (const NamedResult& run : runs) {
    if (rates.series.size() >= curves_max) break;
    rates.series.push_back(
        over_time(run.name + " received", *run.result, &ResultInterval::delivered_per_s));
    rates.series.push_back(
        over_time(run.name + " sent", *run.result, &ResultInterval::published_per_s));
    latencies.series.push_back(
        over_time(run.name + " p50", *run.result, &ResultInterval::latency_p50_us));
    latencies.series.push_back(
        over_time(run.name + " p99", *run.result, &ResultInterval::latency_p99_us));
    memory.series.push_back(over_time(run.name, *run.result, &ResultInterval::broker_rss_kib));
  }
  for (const ResultPart& phase : runs.front().result->phases) {
    rates.marks.push_back({phase.begin_s, phase.name});
    latencies.marks.push_back({phase.begin_s, phase.name});
  }
  std::vector<std::string> charts{draw_lines(rates), draw_lines(latencies),
                                  draw_lines(percentile_chart("Latency by percentile", runs)),
                                  draw_lines(cdf_chart(runs)), draw_lines(memory)};
  std::erase(charts, std::string());
  return charts;
}

std::string sweep_bars(const ResultFile& file, const Column& column, const std::string& title) {
  BarChart chart;
  chart.title = title;
  chart.quantity = column.quantity;
  chart.is_log = column.quantity == Quantity::microseconds;
  chart.series = file.targets();
  for (const std::string& cell : file.cells()) {
    BarGroup group{cell, {}};
    for (const std::string& target : chart.series)
      group.bars.push_back(bar_of(file.of(target, cell), column.metric));
    chart.groups.push_back(std::move(group));
  }
  return draw_bars(chart);
}

std::vector<std::string> bars_of_sweep(const ResultFile& file) {
  std::vector<std::string> charts{
      sweep_bars(file, result_columns[1], "Messages received per second"),
      sweep_bars(file, result_columns[4], "Latency, median (logarithmic)"),
      sweep_bars(file, result_columns[5], "Latency, 99th percentile (logarithmic)")};
  std::erase(charts, std::string());
  return charts;
}

std::vector<std::string> sweep_charts(const ResultFile& file) {
  std::vector<std::string> charts = bars_of_sweep(file);
  size_t count = 0;
  for (const std::string& cell : file.cells()) {
    if (++count > percentile_charts_max) break;
    std::vector<NamedResult> runs;
    for (const std::string& target : file.targets()) {
      const std::vector<const Result*> results = file.of(target, cell);
      if (!results.empty()) runs.push_back({target, results.front()});
    }
    charts.push_back(draw_lines(percentile_chart("Latency by percentile: " + cell, runs)));
  }
  std::erase(charts, std::string());
  return charts;
}

std::string joined(const std::vector<std::string>& charts) {
  std::string html;
  for (const std::string& chart : charts) html += "<figure>" + chart + "</figure>\n";
  return html;
}

std::string sweep_section(const ResultFile& file) {
  std::vector<TableRow> rows;
  for (const std::string& cell : file.cells()) {
    for (const std::string& target : file.targets())
      rows.push_back({{cell, target}, file.of(target, cell)});
  }
  return fmt::format(
             "<h2>Sweep: {}</h2>\n<p>Means of all repetitions; the whiskers of bars reach "
             "from the lowest to the highest.</p>\n",
             escape_html(file.label())) +
         results_table({"measured", "broker"}, rows) + joined(sweep_charts(file));
}

std::string runs_section(const std::vector<NamedResult>& runs) {
  if (runs.empty()) return {};
  std::vector<TableRow> rows;
  for (const NamedResult& run : runs)
    rows.push_back({{run.name, run.result->cell, run.result->target}, {run.result}});
  std::string html = "<h2>Runs</h2>\n" + results_table({"result", "measured", "broker"}, rows);
  html += joined(run_charts(runs));
  for (const NamedResult& run : runs) {
    if (run.result->groups.empty()) continue;
    html += fmt::format("<h2>{}</h2>\n", escape_html(run.name));
    html += parts_table("clients", run.result->groups) + parts_table("phase", run.result->phases);
  }
  return html;
}

constexpr std::string_view page_style = R"(
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; margin: .5rem 0 1rem; }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid var(--grid); }
tbody th { font-weight: 500; } thead th { color: var(--soft); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.error { color: var(--c6); }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
)";

}  // namespace

std::string html_report(const std::string& title, const std::vector<ResultFile>& files) {
  std::string body;
  for (const ResultFile& file : files) {
    if (file.is_sweep) body += sweep_section(file);
  }
  body += runs_section(single_runs(files));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n"
      "<style>{1}{2}</style></head>\n<body><h1>{0}</h1>\n<p>Made by lepus-perf {3}.</p>\n"
      "{4}</body></html>\n",
      escape_html(title), chart_style(), page_style, LEPUS_VERSION, body);
}

std::string svg_report(const std::vector<ResultFile>& files) {
  std::vector<std::string> charts;
  for (const ResultFile& file : files) {
    if (!file.is_sweep) continue;
    const std::vector<std::string> bars = bars_of_sweep(file);
    charts.insert(charts.end(), bars.begin(), bars.end());
  }
  const std::vector<NamedResult> runs = single_runs(files);
  charts.push_back(draw_lines(percentile_chart("Latency by percentile", runs)));
  return stack_charts(charts);
}

}  // namespace lepus::perf
