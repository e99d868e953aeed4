// docs/RABBITMQ_CONF.md, from the two tables of keys.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "tools/server/config/config_keys.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"

namespace lepus::server {

namespace {

/// Keys, and families of keys, that RabbitMQ does not have.
constexpr auto own_keys = std::to_array<std::string_view>({
    "channel_flow",
    "cpuset",
    "data_dir",
    "idle",
    "journal.",
    "load_definitions.on_unsupported",
    "management.socket",
    "pin",
    "recv_buffer",
    "shards",
    "vhosts",
});

constexpr std::string_view introduction = R"(# Keys of rabbitmq.conf

Every key of RabbitMQ 3.7 to 4.3 and of its plugins, and what the broker does with it. Written by
`lepus --list-rabbitmq-keys`; how files are found and read is in
[Configuration](operations/configuration.md#configuration). `$name` stands for one part of a
key, `*` for all parts that follow.

* A key that is **supported** means here what it means in RabbitMQ.
* A key **without effect** is warned about, one line for all keys of a subject, and the broker
  starts. With a value from the column *asks for nothing* nothing is said.
* A key that is **refused** stops the start, because whoever relies on it would lose protection, a
  limit, a login or data. The error says what to do. With a value from the column *asks for
  nothing* the broker starts.
* Any other key is unknown and stops the start; the error names file, line and the nearest key.

`lepus --check-config --config /etc/rabbitmq/rabbitmq.conf` says all this of a file.
)";

bool is_own(std::string_view name) {
  const auto begins = [name](std::string_view own) { return name.starts_with(own); };
  return std::any_of(own_keys.begin(), own_keys.end(), begins);
}

void write_supported(std::string& out) {
  out += "\n## Supported\n\n| key | accepts |\n|---|---|\n";
  for (const KeySpec& spec : config_keys())
    if (!is_own(spec.name))
      fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", spec.name, spec.accepts);
}

std::string harmless_text(std::string_view values) {
  std::string text;
  for (const char c : values) text += c == ',' ? std::string("`, `") : std::string(1, c);
  return text.empty() ? text : "`" + text + "`";
}

void write_subject(const RabbitmqSubject& subject, std::string& out) {
  fmt::format_to(std::back_inserter(out),
                 "\n### {}\n\nSaid of them: {}.\n\n| key | asks for nothing |\n|---|---|\n",
                 subject.title, subject.text);
  for (const RabbitmqKey& key : rabbitmq_keys())
    if (key.subject == &subject)
      fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", key.pattern,
                     harmless_text(key.harmless));
}

void write_decision(RabbitmqDecision decision, std::string& out) {
  const RabbitmqSubject* last = nullptr;
  for (const RabbitmqKey& key : rabbitmq_keys()) {
    if (key.subject == last || key.subject->decision != decision) continue;
    last = key.subject;
    write_subject(*last, out);
  }
}

}  // namespace

std::string format_rabbitmq_reference() {
  std::string out{introduction};
  write_supported(out);
  out += "\n## Refused\n";
  write_decision(RabbitmqDecision::refused, out);
  out += "\n## Without effect\n";
  write_decision(RabbitmqDecision::no_effect, out);
  return out;
}

}  // namespace lepus::server
