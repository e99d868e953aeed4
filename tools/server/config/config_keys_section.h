// For the files that make the table of keys: a section of rows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_keys_access.h"

namespace lepus::server {

inline constexpr std::uint64_t u32_max = UINT32_MAX;
inline constexpr std::string_view accepts_bool = "true or false";
inline constexpr auto at_once = Reload::at_once;
inline constexpr auto later = Reload::new_connections;
inline constexpr auto restart = Reload::restart;
inline constexpr auto once = Reload::new_data_dir;

struct RowText {
  std::string_view name;
  std::string_view accepts;
  std::string_view doc;
};

/// Adds the rows of one section.
class Section {
 public:
  Section(std::vector<KeySpec>& rows, std::string_view title) : rows_(rows), title_(title) {}
  void operator()(RowText text, Reload reload, access::Access value) const {
    rows_.push_back({title_, text.name, text.accepts, text.doc, reload, value.set, value.show});
  }

 private:
  std::vector<KeySpec>& rows_;
  std::string_view title_;
};

/// config_keys_log.cpp
void add_log(std::vector<KeySpec>& rows);
/// config_keys_auth.cpp
void add_logins(std::vector<KeySpec>& rows);
/// config_keys_oauth2.cpp
void add_tokens(std::vector<KeySpec>& rows);
/// config_keys_dpdk.cpp
void add_dpdk(std::vector<KeySpec>& rows);
/// config_keys_http.cpp
void add_http(std::vector<KeySpec>& rows);

}  // namespace lepus::server
