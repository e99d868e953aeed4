// The query of a request ("?page=1&columns=name,messages"), decoded: the first of each name counts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

class ApiQuery {
 public:
  /// Pairs that cannot be decoded are left out, and so are those beyond api_parameters_max.
  explicit ApiQuery(std::string_view text);

  /// Null: it is not there.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;
  bool is_true(std::string_view name) const { return get(name) == "true"; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// Columns as RabbitMQ's "columns=a,b.c": what an answer is to be cut down to.
class ApiColumns {
 public:
  /// All of them.
  ApiColumns() = default;
  explicit ApiColumns(std::string_view text);

  bool is_all() const { return is_all_; }
  /// Cuts a JSON value: of objects the columns stay, lists are cut element by element. Text that is
  /// no JSON is given back as it is.
  std::string cut(const std::string& json) const;
  /// Each of the columns, its parts by dots.
  const std::vector<std::vector<std::string>>& paths() const { return paths_; }

 private:
  bool is_all_ = true;
  std::vector<std::vector<std::string>> paths_;
};

}  // namespace lepus::server
