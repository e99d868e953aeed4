// What the operator says about one TLS listener. Plain data: TlsContext checks it against the files
// and makes what connections are made from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::net {

/// Which part of a client's certificate is its user's name, for SASL EXTERNAL.
struct TlsLoginRule {
  enum class Part : std::uint8_t { distinguished_name, common_name, alternative_name };
  enum class AlternativeName : std::uint8_t { dns, ip, email, uri, other_name };

  Part part = Part::distinguished_name;
  AlternativeName type = AlternativeName::dns;
  std::uint32_t index = 0;  ///< Of the alternative names of that type.
  bool operator==(const TlsLoginRule&) const = default;
};

/// The certificates in PEM form, the server's own first, and its key.
struct TlsKeyFiles {
  std::string certfile;
  std::string keyfile;
  std::string password;  ///< Of the key; "" = none.
  bool operator==(const TlsKeyFiles&) const = default;
};

/// Clients that ask for this host (SNI) get another certificate.
struct TlsHost {
  std::string name;  ///< May begin with "*." for any one label.
  TlsKeyFiles files;
  bool operator==(const TlsHost&) const = default;
};

struct TlsOptions {
  TlsKeyFiles own;
  std::vector<TlsHost> hosts;

  std::string cacertfile;  ///< Whose certificates clients may have; the rest of the own chain, too.
  bool verify_peer = false;
  bool fail_if_no_peer_cert = false;  ///< With verify_peer only.
  std::uint32_t depth = 10;           ///< Certificates between the client's and the authority's.
  std::string crlfile;                ///< "" = revocation is not checked.

  bool has_tls12 = true;
  bool has_tls13 = true;
  /// Names of OpenSSL or of the RFCs, of either version; empty = OpenSSL's default.
  std::vector<std::string> ciphers;
  bool honor_cipher_order = false;

  TlsLoginRule login;
  bool operator==(const TlsOptions&) const = default;
};

/// What is said about a connection that this side makes.
struct TlsClientOptions {
  std::string cacertfile;  ///< Whose certificates the server may have; "" = the system's.
  std::string certfile;    ///< "" = this side shows none.
  std::string keyfile;
  std::string password;       ///< Of the key; "" = none.
  std::string server_name;    ///< Asked for (SNI); "" = none.
  bool verify_peer = true;    ///< The server's certificate must be good,
  std::string verified_host;  ///< and be one of this host; "" = of any.
  std::uint32_t depth = 10;
};

/// Why no context could be made.
struct TlsProblem {
  std::string option;  ///< As in the configuration, without what `keys` are; "" = none is to blame.
  std::string file;    ///< "" = it is not about one.
  std::string reason;
  /// `keys`: what the keys of these options begin with.
  std::string text(std::string_view keys = "ssl_options") const;
};

}  // namespace lepus::net
