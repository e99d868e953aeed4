// See key_fetcher.h.
#include "tools/server/auth/key_fetcher.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits/tokens.h"
#include "tools/server/auth/discovery.h"

namespace lepus::server {

namespace {

/// Short requests, which nobody has to wait long for.
AuthHttpConfig options_of(const OAuth2Provider& config) {
  AuthHttpConfig made;
  made.request_timeout_ms = 5'000;
  made.connection_timeout_ms = 5'000;
  made.ca_file = config.ca_file;
  made.verifies_peer = config.verifies_peer;
  return made;
}

}  // namespace

KeyFetcher::KeyFetcher(const OAuth2Provider& config, HttpTransfers& transfers)
    : config_(config), options_(options_of(config)), transfers_(transfers) {}

bool KeyFetcher::may_fetch() const {
  constexpr std::chrono::nanoseconds pause{core::limits::token_keys_pause};
  if (is_fetching() || (config_.jwks_url.empty() && config_.issuer.empty())) return false;
  return fetched_at_ == Clock::time_point{} || Clock::now() - fetched_at_ >= pause;
}

void KeyFetcher::fetch(Done done) {
  CHECK(may_fetch());
  done_ = std::move(done);
  if (config_.jwks_url.empty()) return fetch_document();
  fetch_keys(config_.jwks_url);
}

void KeyFetcher::fetch_document() {
  const std::string url = discovery_url(config_);
  transfers_.fetch(url, options_, [this, url](HttpTransfers::Fetched&& fetched) {
    if (!fetched.error.empty()) return finish({{}, url, std::move(fetched.error)});
    Discovered found = read_discovery(fetched.text, config_);
    if (!found.error.empty()) return finish({{}, url, std::move(found.error)});
    fetch_keys(found.jwks_url);
  });
}

void KeyFetcher::fetch_keys(const std::string& url) {
  transfers_.fetch(url, options_, [this, url](HttpTransfers::Fetched&& fetched) {
    Outcome outcome{{}, url, std::move(fetched.error)};
    if (outcome.error.empty()) outcome.keys = read_jwk_set(fetched.text, outcome.error);
    finish(std::move(outcome));
  });
}

void KeyFetcher::finish(Outcome&& outcome) {
  CHECK(is_fetching());
  fetched_at_ = Clock::now();
  std::exchange(done_, nullptr)(std::move(outcome));
}

}  // namespace lepus::server
