// From options to an OpenSSL context, and what is kept with it.
#include "net/tls/tls_context.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <openssl/err.h>

#include "core/base/assert.h"
#include "net/tls/certificate.h"
#include "net/tls/session_tickets.h"
#include "net/tls/tls_ciphers.h"
#include "net/tls/tls_files.h"

namespace lepus::net {
namespace {

/// Lives as long as the OpenSSL object it is attached to.
struct Details {
  struct Host {
    std::string name;  ///< In lower case; may begin with "*.".
    SslCtxPtr ctx;
  };
  std::vector<Host> hosts;
  std::vector<TlsContext::Certificate> certificates;
  TlsLoginRule login;
  bool verifies_peer = false;
  std::optional<TlsClientOptions> client;
};

void free_details(void*, void* details, CRYPTO_EX_DATA*, int, long, void*) {
  const std::unique_ptr<Details> owner(static_cast<Details*>(details));
}

int details_index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, free_details);
  CHECK(index >= 0);
  return index;
}

const Details& details_of(const SSL_CTX* ctx) {
  const void* const details = SSL_CTX_get_ex_data(ctx, details_index());
  CHECK(details != nullptr);
  return *static_cast<const Details*>(details);
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// `pattern` may begin with "*.": that stands for one label.
bool is_match(std::string_view pattern, std::string_view name) {
  if (pattern == name) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::size_t dot = name.find('.');
  return dot != name.npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

/// Which certificate a client gets follows from the name it asks for. It may come twice in one
/// handshake, with the context that was chosen the first time.
int on_server_name(SSL* ssl, int*, void* details) {
  const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const std::string name = lower(asked);
  for (const Details::Host& host : static_cast<const Details*>(details)->hosts) {
    if (!is_match(host.name, name)) continue;
    SSL_set_SSL_CTX(ssl, host.ctx.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

std::optional<TlsProblem> set_ciphers(SSL_CTX& ctx, const TlsOptions& options) {
  if (options.honor_cipher_order) SSL_CTX_set_options(&ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (options.ciphers.empty()) return {};
  const CipherLists lists = sort_ciphers(options.ciphers);
  if (!lists.unknown.empty())
    return TlsProblem{"ciphers", "", fmt::format("there is no cipher suite '{}'", lists.unknown)};
  const bool serves_any =
      (options.has_tls12 && !lists.tls12.empty()) || (options.has_tls13 && !lists.tls13.empty());
  if (!serves_any)
    return TlsProblem{"ciphers", "", "none of them is for a version of TLS that is enabled"};
  // A version without a suite of its own is not spoken.
  if (lists.tls12.empty()) SSL_CTX_set_min_proto_version(&ctx, TLS1_3_VERSION);
  if (lists.tls13.empty()) SSL_CTX_set_max_proto_version(&ctx, TLS1_2_VERSION);
  const bool taken =
      (lists.tls12.empty() || SSL_CTX_set_cipher_list(&ctx, lists.tls12.c_str()) == 1) &&
      (lists.tls13.empty() || SSL_CTX_set_ciphersuites(&ctx, lists.tls13.c_str()) == 1);
  if (taken) return {};
  ERR_clear_error();
  return TlsProblem{"ciphers", "", "OpenSSL refuses them at the system's security level"};
}

std::optional<TlsProblem> set_rules(SSL_CTX& ctx, const TlsOptions& options) {
  if (!options.has_tls12 && !options.has_tls13)
    return TlsProblem{"versions", "", "no version of TLS is enabled"};
  SSL_CTX_set_min_proto_version(&ctx, options.has_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(&ctx, options.has_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(&ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(&ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(&ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(&ctx, 1);
  set_ticket_callback(ctx);
  if (auto problem = set_ciphers(ctx, options)) return problem;
  return load_peer_rules(ctx, options);
}

TlsContext::Certificate describe(const SSL_CTX& ctx, std::string option, std::string file) {
  const X509& certificate = *SSL_CTX_get0_certificate(&ctx);
  CertificateFacts facts = describe_certificate(certificate);
  return {std::move(option),       std::move(file),           std::move(facts.subject),
          std::move(facts.issuer), std::move(facts.validity), expiry_of(certificate)};
}

SslCtxPtr make_ctx(const TlsOptions& options, const TlsKeyFiles& files, const std::string& prefix,
                   TlsProblem& problem) {
  SslCtxPtr ctx(SSL_CTX_new(TLS_server_method()));
  if (ctx == nullptr) {
    problem = {"", "", "OpenSSL gives no context"};
    return ctx;
  }
  auto found = set_rules(*ctx, options);
  if (!found) found = load_own_certificate(*ctx, files, prefix);
  if (!found) return ctx;
  problem = std::move(*found);
  return nullptr;
}

}  // namespace

std::optional<TlsContext> TlsContext::make(const TlsOptions& options, TlsProblem& problem) {
  SslCtxPtr ctx = make_ctx(options, options.own, "", problem);
  if (ctx == nullptr) return {};
  auto details = std::make_unique<Details>();
  details->login = options.login;
  details->verifies_peer = options.verify_peer;
  details->certificates.push_back(describe(*ctx, "certfile", options.own.certfile));
  for (const auto& [name, files] : options.hosts) {
    const std::string prefix = "sni." + name + ".";
    SslCtxPtr host = make_ctx(options, files, prefix, problem);
    if (host == nullptr) return {};
    details->certificates.push_back(describe(*host, prefix + "certfile", files.certfile));
    details->hosts.push_back({lower(name), std::move(host)});
  }
  if (!details->hosts.empty()) {
    SSL_CTX_set_tlsext_servername_callback(ctx.get(), on_server_name);
    SSL_CTX_set_tlsext_servername_arg(ctx.get(), details.get());
  }
  CHECK(SSL_CTX_set_ex_data(ctx.get(), details_index(), details.get()) == 1);
  (void)details.release();
  return TlsContext(std::move(ctx));
}

std::optional<TlsContext> TlsContext::make_client(const TlsClientOptions& options,
                                                  TlsProblem& problem) {
  SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  if (ctx == nullptr) {
    problem = {"", "", "OpenSSL gives no context"};
    return {};
  }
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  std::optional<TlsProblem> found = load_server_rules(*ctx, options);
  if (!found && !options.certfile.empty())
    found = load_own_certificate(*ctx, {options.certfile, options.keyfile, options.password}, "");
  if (found) {
    problem = std::move(*found);
    return {};
  }
  auto details = std::make_unique<Details>();
  details->verifies_peer = options.verify_peer;
  details->client = options;
  CHECK(SSL_CTX_set_ex_data(ctx.get(), details_index(), details.get()) == 1);
  (void)details.release();
  return TlsContext(std::move(ctx));
}

TlsContext::TlsContext(const TlsContext& other) : ctx_(other.ctx_.get()) {
  if (ctx_ != nullptr) SSL_CTX_up_ref(ctx_.get());
}

TlsContext& TlsContext::operator=(const TlsContext& other) {
  if (this != &other) *this = TlsContext(other);
  return *this;
}

const std::vector<TlsContext::Certificate>& TlsContext::certificates() const {
  return details_of(ctx_.get()).certificates;
}

const TlsLoginRule& TlsContext::login_rule() const { return details_of(ctx_.get()).login; }

bool TlsContext::verifies_peer() const { return details_of(ctx_.get()).verifies_peer; }

const TlsClientOptions* TlsContext::client() const {
  const Details& details = details_of(ctx_.get());
  return details.client ? &*details.client : nullptr;
}

std::string TlsProblem::text(std::string_view keys) const {
  std::string text{keys};
  if (!option.empty()) text += "." + option;
  if (!file.empty()) text += " = " + file;
  return text + ": " + reason;
}

}  // namespace lepus::net
