// See multipart.h.
#include "tools/server/http_api/multipart.h"

#include <cstddef>
#include <string>

namespace lepus::server {

namespace {

constexpr std::size_t parts_max = 16;
constexpr std::string_view line_end = "\r\n";

/// Of `text` like `form-data; name="file"; filename="a"`; empty: there is none.
std::string_view parameter(std::string_view text, std::string_view name) {
  const std::string key = std::string{name} + "=";
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == ';';
    if (!begins) continue;
    std::string_view value = text.substr(at + key.size());
    if (!value.starts_with('"')) return value.substr(0, value.find_first_of("; \r\n"));
    value.remove_prefix(1);
    return value.substr(0, value.find('"'));
  }
  return {};
}

}  // namespace

std::optional<std::vector<FormPart>> read_form(std::string_view content_type,
                                               std::string_view body) {
  const std::string_view boundary = parameter(content_type, "boundary");
  if (!content_type.starts_with("multipart/form-data") || boundary.empty()) return std::nullopt;
  const std::string separator = "--" + std::string{boundary};
  std::vector<FormPart> parts;
  std::size_t at = body.find(separator);
  while (at != std::string_view::npos) {
    body.remove_prefix(at + separator.size());
    if (body.starts_with("--")) return parts;
    if (!body.starts_with(line_end) || parts.size() == parts_max) return std::nullopt;
    const std::size_t head_end = body.find("\r\n\r\n");
    const std::size_t part_end = body.find("\r\n" + separator);
    if (head_end == std::string_view::npos || part_end == std::string_view::npos ||
        head_end + 2 > part_end)
      return std::nullopt;
    const std::string_view head = body.substr(0, head_end);
    const std::size_t content_at = std::min(head_end + 4, part_end);
    parts.push_back({parameter(head, "name"), body.substr(content_at, part_end - content_at)});
    at = part_end + line_end.size();
  }
  return std::nullopt;
}

}  // namespace lepus::server
