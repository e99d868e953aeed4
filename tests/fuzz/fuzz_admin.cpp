// The operator's requests fed arbitrary lines: as JSON, which is what the admin socket reads, or
// short,
//
//   verb|vhost|argument|argument|--option=value
//
// which mutations take apart more easily. Nothing may stop the process; every request is answered
// once, with JSON that can be read; the broker answers a ping afterwards; and it starts again from
// what was taken.
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/operator_world.h"
#include "tools/server/admin/admin_socket.h"

namespace lepus::server::fuzz {
namespace {

constexpr std::size_t lines_max = 40;

AdminRequest parse_short(std::string_view line) {
  AdminRequest request;
  for (std::size_t field = 0; !line.empty() || field == 0; ++field) {
    const std::size_t end = std::min(line.find('|'), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    const std::size_t equals = word.find('=');
    if (field == 0) {
      request.verb = word;
    } else if (field == 1) {
      if (!word.empty()) request.vhost = word;
    } else if (word.starts_with("--") && equals != std::string_view::npos) {
      request.options[std::string{word.substr(2, equals - 2)}] = word.substr(equals + 1);
    } else {
      request.arguments.emplace_back(word);
    }
  }
  return request;
}

/// What comes over the socket is UTF-8: a short line goes the same way.
void ask(OperatorWorld& world, std::string_view line) {
  AdminRequest request;
  if (line.starts_with('{')) {
    if (!parse_admin_request(line, request).empty()) return;
    return world.ask(std::move(request));
  }
  const AdminRequest written = parse_short(line);
  JsonWriter json;
  json.begin_object();
  json.field("verb", written.verb);
  json.field("vhost", written.vhost);
  json.key("arguments");
  json.begin_array();
  for (const std::string& argument : written.arguments) json.text(argument);
  json.end_array();
  json.key("options");
  json.begin_object();
  for (const auto& [name, value] : written.options) json.field(name, value);
  json.end_object();
  json.end_object();
  const std::string text = json.take();
  CHECK(parse_admin_request(text, request).empty());
  world.ask(std::move(request));
}

void run(std::string_view input) {
  static Directory directory;
  const std::string& path = directory.emptied();
  {
    OperatorWorld world{path};
    for (std::size_t count = 0; !input.empty() && count < lines_max; ++count) {
      const std::size_t end = std::min(input.find('\n'), input.size());
      ask(world, input.substr(0, end));
      input.remove_prefix(std::min(end + 1, input.size()));
    }
    ask(world, "ping");
    ask(world, "status");
  }
  OperatorWorld::check_restart(path);
}

}  // namespace
}  // namespace lepus::server::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 << 10) return 0;
  lepus::server::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
