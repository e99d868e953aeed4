// The command line of lepusctl: any words, one a line. What is taken is complete: a verb that there
// is, no more or fewer arguments than it takes, and a request line that the broker reads; what is
// not has a text and an exit code.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "tools/ctl/client.h"
#include "tools/ctl/options.h"
#include "tools/server/admin/admin_socket.h"

namespace {

using lepus::ctl::Invocation;
using lepus::ctl::VerbSpec;

void run(std::string_view input) {
  std::vector<std::string> texts{"lepusctl"};
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    // A word of a command line has no zero in it.
    texts.emplace_back(std::string{input.substr(0, end)}.c_str());
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  std::vector<const char*> words;
  for (const std::string& text : texts) words.push_back(text.c_str());
  Invocation invocation;
  if (const auto complaint = lepus::ctl::parse_command_line(words, invocation)) {
    CHECK(complaint->exit_code != 0);
    CHECK(!complaint->text.empty());
    return;
  }
  CHECK(!lepus::ctl::help_text(invocation, invocation.verb).empty());
  CHECK(!(invocation.timeout_s < 0));
  const lepus::ctl::Client client(invocation.timeout_s);
  const VerbSpec* verb = lepus::ctl::find_verb(invocation.verb);
  const bool is_local = verb == nullptr || verb->answer == lepus::ctl::Answer::local;
  if (invocation.help || invocation.version || is_local) return;
  CHECK(invocation.arguments.size() <= verb->arguments_max);
  const std::string line = lepus::ctl::request_line(invocation, *verb);
  lepus::server::AdminRequest request;
  CHECK(lepus::server::parse_admin_request(line, request).empty());
  CHECK(request.verb == invocation.verb);
  CHECK(request.arguments.size() == invocation.arguments.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16 << 10) return 0;
  run({reinterpret_cast<const char*>(data), size});
  return 0;
}
