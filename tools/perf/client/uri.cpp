// Reads amqp:// and amqps:// addresses: splits at /, @ and : from the outside in, then undoes
// %-escapes.
#include <charconv>

#include "tools/perf/client/error.h"
#include "tools/perf/options.h"

namespace lepus::perf {

namespace {

std::string unescape(const std::string& text) {
  std::string plain;
  for (size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '%') {
      plain += text[index];
      continue;
    }
    unsigned code = 0;
    const char* digits = text.data() + index + 1;
    const bool fits = index + 2 < text.size();
    if (!fits || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2) {
      throw PerfError("--uri: broken %-escape in ", text);
    }
    plain += static_cast<char>(code);
    index += 2;
  }
  return plain;
}

uint16_t parse_port(const std::string& text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0) throw PerfError("--uri: bad port ", text);
  return port;
}

void parse_host_and_port(const std::string& text, Uri& uri) {
  size_t colon = text.rfind(':');
  std::string host;
  if (!text.empty() && text[0] == '[') {
    const size_t bracket = text.find(']');
    if (bracket == std::string::npos) throw PerfError("--uri: ] is missing in ", text);
    host = text.substr(1, bracket - 1);
    colon = bracket + 1 < text.size() && text[bracket + 1] == ':' ? bracket + 1 : std::string::npos;
  } else {
    host = text.substr(0, colon);
  }
  if (!host.empty()) uri.host = unescape(host);
  if (colon != std::string::npos) uri.port = parse_port(text.substr(colon + 1));
}

}  // namespace

Uri parse_uri(const std::string& text) {
  const bool is_tls = text.rfind("amqps://", 0) == 0;
  const std::string scheme = is_tls ? "amqps://" : "amqp://";
  if (text.rfind(scheme, 0) != 0)
    throw PerfError("--uri must start with amqp:// or amqps://, not ", text);
  Uri uri;
  uri.tls = is_tls;
  if (is_tls) uri.port = 5671;
  std::string rest = text.substr(scheme.size());
  if (const size_t slash = rest.find('/'); slash != std::string::npos) {
    if (slash + 1 < rest.size()) uri.vhost = unescape(rest.substr(slash + 1));
    rest.resize(slash);
  }
  if (const size_t index = rest.rfind('@'); index != std::string::npos) {
    const std::string login = rest.substr(0, index);
    const size_t colon = login.find(':');
    uri.user = unescape(login.substr(0, colon));
    if (colon != std::string::npos) uri.password = unescape(login.substr(colon + 1));
    rest = rest.substr(index + 1);
  }
  parse_host_and_port(rest, uri);
  return uri;
}

}  // namespace lepus::perf
