// Fetches the keys of one provider of tokens: from its jwks_url, or from where its issuer's
// discovery document says. The document is read anew each time: keys may move.
//
//   idle --fetch()--> [document] --> keys --> done(); for token_keys_pause no other fetch()
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tools/server/auth/http_transfers.h"
#include "tools/server/auth/jwt.h"
#include "tools/server/auth/oauth2_config.h"

namespace lepus::server {

class KeyFetcher {
 public:
  struct Outcome {
    std::vector<JwkSetKey> keys;
    std::string url;    ///< What was asked for last.
    std::string error;  ///< Not empty: there are no keys, and why.
  };
  using Done = std::function<void(Outcome&&)>;

  /// `transfers` outlives it, and it outlives what it fetches.
  KeyFetcher(const OAuth2Provider& config, HttpTransfers& transfers);

  /// It is neither under way nor was it a moment ago.
  bool may_fetch() const;
  bool is_fetching() const { return done_ != nullptr; }
  void fetch(Done done);

 private:
  using Clock = std::chrono::steady_clock;

  void fetch_document();
  void fetch_keys(const std::string& url);
  void finish(Outcome&& outcome);

  const OAuth2Provider config_;
  const AuthHttpConfig options_;
  HttpTransfers& transfers_;
  Done done_;
  Clock::time_point fetched_at_ = {};
};

}  // namespace lepus::server
