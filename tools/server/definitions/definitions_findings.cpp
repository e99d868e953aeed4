// Bounded: a file may have a million elements, each of them wrong, with names of any length.
#include "tools/server/definitions/definitions_findings.h"

#include <fmt/format.h>

#include <iterator>

#include "core/limits.h"

namespace lepus::server {

namespace {

/// One line, whatever the names in it are.
std::string line_of(std::string_view text) {
  std::string line{text.substr(0, core::limits::definition_finding_size_max)};
  if (text.size() > core::limits::definition_finding_size_max) line += " ...";
  for (char& letter : line)
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  return line;
}

}  // namespace

void Findings::Lines::add(std::string_view text) {
  ++count;
  if (first.size() < core::limits::definition_findings_max) first.push_back(line_of(text));
}

std::vector<std::string> Findings::Lines::all(std::string_view label) const {
  std::vector<std::string> lines = first;
  if (count > first.size())
    lines.push_back(fmt::format("and {} more {}", count - first.size(), label));
  return lines;
}

void Findings::refuse(std::string_view text) {
  if (mode_ == OnUnsupported::refuse) return problems_.add(text);
  warnings_.add(fmt::format("skipped: {}", text));
}

void Findings::fail(std::string_view text) { problems_.add(text); }

void Findings::warn(std::string_view text) { warnings_.add(text); }

void Findings::warn_of_each(std::string_view text, std::string_view path) {
  auto found = many_.find(text);
  if (found == many_.end()) found = many_.emplace(std::string{text}, Many{}).first;
  if (found->second.count++ == 0) found->second.first = path;
}

std::vector<std::string> Findings::warnings() const {
  std::vector<std::string> lines;
  for (const auto& [text, many] : many_)
    lines.push_back(line_of(
        many.count == 1 ? fmt::format("{}: {}", many.first, text)
                        : fmt::format("{} and {} more: {}", many.first, many.count - 1, text)));
  const std::vector<std::string> single = warnings_.all("warnings");
  lines.insert(lines.end(), single.begin(), single.end());
  return lines;
}

std::string Findings::error() const {
  std::string text;
  for (const std::string& line : problems()) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace lepus::server
