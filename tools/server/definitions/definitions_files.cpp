// From files to JSON, and where it is none.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/base/assert.h"
#include "tools/server/config/config_file.h"
#include "tools/server/definitions/definitions.h"
#include "tools/server/definitions/definitions_fields.h"
#include "tools/server/definitions/definitions_read.h"

namespace lepus::server {

namespace {

constexpr std::string_view utf8_mark = "\xef\xbb\xbf";

bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

/// " at line 3, column 7": the other library knows.
std::string where_it_is_wrong(std::string_view text) {
  try {
    const auto parsed = nlohmann::json::parse(text);
    CHECK(!parsed.is_discarded());
  } catch (const nlohmann::json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte);
    const std::size_t line_start = before.rfind('\n') + 1;
    return fmt::format(" at line {}, column {}", std::count(before.begin(), before.end(), '\n') + 1,
                       before.size() - line_start);
  } catch (const nlohmann::json::exception&) {
    return {};
  }
  return {};
}

std::string without_stop(std::string text) {
  while (text.ends_with('.')) text.pop_back();
  return text;
}

std::vector<std::string> list_files(const std::string& directory, std::error_code& code) {
  std::vector<std::string> files;
  std::filesystem::directory_iterator entry{directory, code};
  for (; !code && entry != std::filesystem::directory_iterator{}; entry.increment(code))
    if (entry->path().extension() == ".json") files.push_back(entry->path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void parse_definitions(const DefinitionsText& input, const DefinitionsScope& scope,
                       Definitions& out, Findings& findings) {
  const auto [origin, all] = input;
  std::string_view text = all;
  if (is_utf16(text))
    return findings.fail(
        fmt::format("{}: this is UTF-16 with a byte order mark; save it as UTF-8", origin));
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto code = parser.parse(simdjson::padded_string{text}).get(root);
      code != simdjson::SUCCESS) {
    return findings.fail(fmt::format("{}: this is not JSON{}: {}; mend the file or export it again",
                                     origin, where_it_is_wrong(text),
                                     without_stop(simdjson::error_message(code))));
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return findings.fail(fmt::format("{}: expected an object with lists like \"queues\", it is {}",
                                     origin, kind_of(root)));
  read_sections(object, {std::string{origin}, scope}, out, findings);
}

namespace {

std::vector<std::string> files_of(const std::string& path, std::error_code& code) {
  if (std::filesystem::is_directory(path, code)) return list_files(path, code);
  code.clear();  // read_file() says what is wrong with a file.
  return {path};
}

}  // namespace

std::string definitions_hash(const std::string& path) {
  std::error_code code;
  const std::vector<std::string> files = files_of(path, code);
  if (code || files.empty()) return {};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
  CHECK(hash != nullptr);
  bool good = EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  for (const std::string& file : files) {
    std::string text;
    if (!read_file(file, text)) return {};
    // With its size: what moves from one file to the next is another content.
    const std::string head = fmt::format("{}:", text.size());
    good &= EVP_DigestUpdate(hash.get(), head.data(), head.size()) == 1;
    good &= EVP_DigestUpdate(hash.get(), text.data(), text.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  good &= EVP_DigestFinal_ex(hash.get(), digest.data(), &size) == 1;
  CHECK(good);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

void read_definitions(const std::string& path, const DefinitionsScope& scope, Definitions& out,
                      Findings& findings) {
  std::error_code code;
  const std::vector<std::string> files = files_of(path, code);
  if (code)
    return findings.fail(fmt::format("load_definitions: cannot list {}: {}", path, code.message()));
  if (files.empty())
    return findings.fail(fmt::format(
        "load_definitions: no file *.json in {}; put one there or unset the key", path));
  for (const std::string& file : files) {
    std::string text;
    if (read_file(file, text)) {
      parse_definitions({file, text}, scope, out, findings);
    } else {
      findings.fail(fmt::format(
          "load_definitions: cannot read {}: {}; correct the path or unset the key", file, text));
    }
  }
}

}  // namespace lepus::server
