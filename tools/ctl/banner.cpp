// See banner.h. Labels of the table of verbs are replaced one after the other.
#include "tools/ctl/banner.h"

#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "tools/ctl/client.h"
#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace {

void replace_all(std::string& text, std::string_view label, std::string_view with) {
  for (std::size_t index = 0; (index = text.find(label, index)) != std::string::npos;
       index += with.size())
    text.replace(index, label.size(), with);
}

}  // namespace

std::string node_of(const Invocation& invocation) {
  return invocation.node.empty() ? "lepus@" + host_name() : invocation.node;
}

std::string banner(const Invocation& invocation, const VerbSpec& verb) {
  std::string text{verb.banner};
  const auto& arguments = invocation.arguments;
  const std::string last = arguments.empty() ? std::string() : arguments.back();
  if (verb.name == "delete_queue" && invocation.has("if-empty"))
    replace_all(text, " ...", " if queue is empty ...");
  if (verb.name == "delete_queue" && invocation.has("if-unused"))
    replace_all(text, " ...", " if queue is unused ...");
  replace_all(text, "{vhost}", invocation.vhost);
  replace_all(text, "{node}", node_of(invocation));
  if (arguments.size() == 2 && arguments[0] == "mem_relative") {
    replace_all(text, "{arguments}", last + " times the total RAM");
  } else if (arguments.size() == 2 || verb.name == "set_disk_free_limit") {
    replace_all(text, "{arguments}", last + " bytes");
  }
  replace_all(text, "{arguments}", last);
  replace_all(text, "{last}", last);
  for (std::size_t i = 0; i < 3; ++i)
    replace_all(text, fmt::format("{{{}}}", i), i < arguments.size() ? arguments[i] : "");
  return escape_controls(text);
}

}  // namespace lepus::ctl
