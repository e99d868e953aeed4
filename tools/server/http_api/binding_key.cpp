// Erlang's hash of a term (erlang:phash2/2 with the full range), for the terms that an AMQP table
// is there: a list of {name, type, value}. Terms are hashed in the order in which they would be
// read, each mixed into what came before: Bob Jenkins' hash of three words.
#include "tools/server/http_api/binding_key.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "core/base/bytes.h"
#include "tools/server/admin/message_json.h"

namespace lepus::server {

namespace {

/// Multiples of it tell kinds of terms apart.
constexpr std::uint32_t golden = 0x9E3779B9;
constexpr std::uint32_t times(std::uint32_t factor) { return golden * factor; }

class TermHash {
 public:
  std::uint32_t value() const { return hash_; }

  void tuple(std::uint32_t arity) { mix(arity, 0, times(9)); }
  void end_list() {
    constexpr std::uint32_t nil_word = 2;
    constexpr std::uint32_t nil_alone = 3'468'870'702;
    if (hash_ == 0) {
      hash_ = nil_alone;
    } else {
      mix(nil_word, 0, times(2));
    }
  }
  void atom(std::string_view name) {
    std::uint32_t word = 0;
    for (const char letter : name) {
      word = (word << 4) + static_cast<unsigned char>(letter);
      if (const std::uint32_t high = word & 0xF0000000; high != 0) word ^= (high >> 24) ^ high;
    }
    if (hash_ == 0) {
      hash_ = word;
    } else {
      mix(word, 0, times(3));
    }
  }
  void integer(std::int64_t value) {
    constexpr std::int64_t small_max = (std::int64_t{1} << 27) - 1;
    if (value >= -small_max - 1 && value <= small_max) {
      const auto word = static_cast<std::int32_t>(value);
      if (word < 0) mix(static_cast<std::uint32_t>(-word), 0, golden);
      return mix(static_cast<std::uint32_t>(word), 0, golden);
    }
    const bool is_negative = value < 0;
    const std::uint64_t digit =
        is_negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    mix(static_cast<std::uint32_t>(digit), static_cast<std::uint32_t>(digit >> 32),
        times(is_negative ? 10 : 11));
  }
  void floating(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    mix(static_cast<std::uint32_t>(bits >> 32), static_cast<std::uint32_t>(bits), times(12));
  }
  void binary(std::string_view bytes) {
    const std::uint32_t start = times(13) + hash_;
    hash_ = bytes.empty() ? start : block(bytes, start);
  }

 private:
  static void mix_words(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c) {
    a -= b, a -= c, a ^= c >> 13;
    b -= c, b -= a, b ^= a << 8;
    c -= a, c -= b, c ^= b >> 13;
    a -= b, a -= c, a ^= c >> 12;
    b -= c, b -= a, b ^= a << 16;
    c -= a, c -= b, c ^= b >> 5;
    a -= b, a -= c, a ^= c >> 3;
    b -= c, b -= a, b ^= a << 10;
    c -= a, c -= b, c ^= b >> 15;
  }
  void mix(std::uint32_t one, std::uint32_t two, std::uint32_t kind) {
    std::uint32_t a = kind + one;
    std::uint32_t b = kind + two;
    mix_words(a, b, hash_);
  }
  static std::uint32_t word_at(std::string_view bytes, std::size_t at) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i)
      word |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return word;
  }
  /// Of the last piece the lowest byte of the third word stands for the size.
  static std::uint32_t block(std::string_view bytes, std::uint32_t start) {
    std::uint32_t a = golden;
    std::uint32_t b = golden;
    std::uint32_t c = start;
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (; bytes.size() >= 12; bytes.remove_prefix(12)) {
      a += word_at(bytes, 0);
      b += word_at(bytes, 4);
      c += word_at(bytes, 8);
      mix_words(a, b, c);
    }
    a += word_at(bytes, 0);
    b += word_at(bytes, 4);
    c += size + (word_at(bytes, 8) << 8);
    mix_words(a, b, c);
    return c;
  }

  std::uint32_t hash_ = 0;
};

void hash_table(const core::FieldTable& table, TermHash& hash);

/// Recursive: field tables bound how deep they nest.
void hash_value(const core::FieldValue& value, TermHash& hash) {
  if (value.is_table()) return hash_table(value.table(), hash);
  if (value.is_array()) {
    for (const core::FieldValue& one : value.array()) {
      hash.tuple(2);
      hash.atom(one.type_name());
      hash_value(one, hash);
    }
    return hash.end_list();
  }
  if (value.is_string() || value.is_binary()) return hash.binary(value.text());
  if (value.is_bool()) return hash.atom(value.as_bool() ? "true" : "false");
  if (value.is_integer()) return hash.integer(value.as_int64());
  if (value.is_timestamp()) return hash.integer(static_cast<std::int64_t>(value.as_timestamp_s()));
  if (value.is_floating()) return hash.floating(value.as_double());
  if (!value.is_decimal()) return hash.atom("undefined");
  const core::FieldValue::Decimal decimal = value.as_decimal();
  hash.tuple(2);
  hash.integer(decimal.scale);
  hash.integer(decimal.unscaled);
}

void hash_entries(const std::vector<core::FieldEntry>& entries, TermHash& hash) {
  for (const core::FieldEntry& entry : entries) {
    hash.tuple(3);
    hash.binary(entry.name);
    hash.atom(entry.value.type_name());
    hash_value(entry.value, hash);
  }
  hash.end_list();
}

void hash_table(const core::FieldTable& table, TermHash& hash) {
  std::vector<core::FieldEntry> entries;
  for (const core::FieldEntry& entry : table) entries.push_back(entry);
  hash_entries(entries, hash);
}

bool stays(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_';
}

std::string quote(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (stays(letter)) {
      out += letter;
    } else if (letter == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return out;
}

}  // namespace

/// The outermost table is put in the order of its names, as RabbitMQ keeps those of bindings.
std::string hash_arguments(const core::FieldTable& arguments) {
  std::vector<core::FieldEntry> entries;
  for (const core::FieldEntry& entry : arguments) entries.push_back(entry);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const core::FieldEntry& left, const core::FieldEntry& right) {
                     return left.name < right.name;
                   });
  TermHash hash;
  hash_entries(entries, hash);
  const std::uint32_t value = hash.value();
  const std::string bytes = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                             static_cast<char>(value >> 8), static_cast<char>(value)};
  std::string text = encode_base64(core::as_bytes(bytes));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string binding_properties_key(std::string_view key, std::string_view arguments) {
  const core::FieldTable table{core::as_bytes(arguments)};
  if (table.empty()) return key.empty() ? "~" : quote(key);
  return quote(key) + "~" + hash_arguments(table);
}

}  // namespace lepus::server
