// The parts of a form that a browser sends (multipart/form-data): the name of each and its content,
// in one piece. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace lepus::server {

struct FormPart {
  std::string_view name;
  std::string_view content;
};
/// Parts point into `body`. Nothing: it is no such form, or has more parts than any form of ours.
std::optional<std::vector<FormPart>> read_form(std::string_view content_type,
                                               std::string_view body);

}  // namespace lepus::server
