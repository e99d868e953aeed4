// What the operator asks and does about the TLS certificates of the listeners.
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

namespace {

/// certificates: one paragraph for each.
class Certificates final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (!request().arguments.empty()) return fail(AdminFault::usage, "expected no arguments");
    std::string text;
    for (const TlsSetup* setup : host().all_tls()) append(*setup, text);
    if (text.empty()) text = "No listener speaks TLS.";
    JsonWriter json;
    json.begin_object();
    json.field("value", text);
    json.end_object();
    done(json.take());
  }

 private:
  void append(const TlsSetup& setup, std::string& text) const {
    if (!setup.context) return;
    const std::int64_t now_s = broker().wall_now() / core::nanos_per_s;
    for (const net::TlsContext::Certificate& one : setup.context->certificates()) {
      if (!text.empty()) text += "\n\n";
      text += fmt::format("{}.{} = {}\nSubject: {}\nIssuer: {}\nValidity: {}\nDays left: {}",
                          setup.keys, one.option, one.file, one.subject, one.issuer, one.validity,
                          days_left(one, now_s));
    }
  }
};

/// reload_certificates: done when every shard has them.
class ReloadCertificates final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (!request().arguments.empty()) return fail(AdminFault::usage, "expected no arguments");
    if (std::string error = host().reload_certificates(); !error.empty())
      return fail(AdminFault::invalid, std::move(error));
    ask_acknowledgements();
  }

 private:
  void on_all_acknowledged() override { done("{}"); }
};

}  // namespace

OperationMaker find_certificate_operation(std::string_view verb) {
  if (verb == "certificates") return make_operation<Certificates>;
  if (verb == "reload_certificates") return make_operation<ReloadCertificates>;
  return nullptr;
}

}  // namespace lepus::server
