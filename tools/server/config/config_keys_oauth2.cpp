// The rows of auth_oauth2.*. What a resource server or a provider can have comes twice: for
// auth_oauth2 itself, and for those with names, whose keys have the name as their first part with
// '$'.
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/server/auth/jwt.h"
#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace token_keys {
namespace {

using access::Access;
using Aliases = OAuth2Aliases;
using Provider = OAuth2Provider;
using Server = OAuth2ResourceServer;

// ---- Where a value belongs ----

/// That of auth_oauth2 itself.
template <auto Member>
struct Root {
  static auto& at(ServerConfig& config, const KeyText&) { return config.auth.oauth2.*Member; }
  static std::string_view item(const KeyText& given) { return given.variable; }
  template <class Show>
  static std::string show(const ServerConfig& config, Show show_part) {
    return show_part(config.auth.oauth2.*Member);
  }
};

/// The one that the key names.
template <auto Member>
struct Named {
  static auto& at(ServerConfig& config, const KeyText& given) {
    return (config.auth.oauth2.*Member)[std::string{given.variable}];
  }
  static std::string_view item(const KeyText& given) { return given.second; }
  template <class Show>
  static std::string show(const ServerConfig& config, Show show_part) {
    std::string all;
    for (const auto& [name, part] : config.auth.oauth2.*Member)
      all += fmt::format("{}={};", name, show_part(part));
    return all;
  }
};

using RootServer = Root<&OAuth2Config::own>;
using NamedServer = Named<&OAuth2Config::resource_servers>;
using RootProvider = Root<&OAuth2Config::provider>;
using NamedProvider = Named<&OAuth2Config::providers>;

// ---- Values ----

using Texts = std::map<std::string, std::string>;

std::string text_of(const std::string& text) { return text; }
std::string text_of(const std::optional<std::string>& text) { return text.value_or(""); }
std::string text_of(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, ","));
}
std::string text_of(const Texts& texts) {
  std::string all;
  for (const auto& [name, text] : texts)
    all += fmt::format("{}{}={}", all.empty() ? "" : ",", name, text);
  return all;
}
std::string text_of(const std::optional<bool>& flag) {
  return flag ? std::string{format_bool(*flag)} : std::string{};
}

template <class Place, auto Member>
std::string show(const ServerConfig& config) {
  return Place::show(config, [](const auto& part) { return text_of(part.*Member); });
}

template <class Place, auto Member>
constexpr Access text = {[](ServerConfig& config, const KeyText& given) {
                           if (given.value.empty()) return access::refused("it is empty");
                           Place::at(config, given).*Member = given.value;
                           return access::taken();
                         },
                         show<Place, Member>};

template <class Place, auto Member>
constexpr Access text_or_empty = {[](ServerConfig& config, const KeyText& given) {
                                    Place::at(config, given).*Member = given.value;
                                    return access::taken();
                                  },
                                  show<Place, Member>};

template <class Place, auto Member>
constexpr Access url = {[](ServerConfig& config, const KeyText& given) {
                          const std::string_view value = given.value;
                          if (!value.starts_with("http://") && !value.starts_with("https://"))
                            return access::refused();
                          Place::at(config, given).*Member = value;
                          return access::taken();
                        },
                        show<Place, Member>};

template <class Place>
constexpr Access issuer = {[](ServerConfig& config, const KeyText& given) {
                             if (given.value.find_first_of("?#") != std::string_view::npos)
                               return access::refused("an issuer has no query and no fragment");
                             return url<Place, &Provider::issuer>.set(config, given);
                           },
                           show<Place, &Provider::issuer>};

template <class Place, auto Member>
constexpr Access list_item = {[](ServerConfig& config, const KeyText& given) {
                                if (given.value.empty()) return access::refused("it is empty");
                                (Place::at(config, given).*Member).emplace_back(given.value);
                                return access::taken();
                              },
                              show<Place, Member>};

template <class Place>
constexpr Access algorithm = {[](ServerConfig& config, const KeyText& given) {
                                if (!is_jwt_algorithm(given.value)) return access::refused();
                                return list_item<Place, &Provider::algorithms>.set(config, given);
                              },
                              show<Place, &Provider::algorithms>};

template <class Place, auto Member>
constexpr Access named_text = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value.empty()) return access::refused("it is empty");
      (Place::at(config, given).*Member)[std::string{Place::item(given)}] = given.value;
      return access::taken();
    },
    show<Place, Member>};

template <class Place>
constexpr Access verify = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value != "verify_peer" && given.value != "verify_none") return access::refused();
      Place::at(config, given).verifies_peer = given.value == "verify_peer";
      return access::taken();
    },
    [](const ServerConfig& config) {
      return Place::show(config, [](const Provider& part) {
        return std::string{part.verifies_peer ? "verify_peer" : "verify_none"};
      });
    }};

template <class Place>
constexpr Access verify_audience = {[](ServerConfig& config, const KeyText& given) {
                                      const auto value = parse_bool(given.value);
                                      if (!value) return access::refused();
                                      Place::at(config, given).verifies_audience = *value;
                                      return access::taken();
                                    },
                                    show<Place, &Server::verifies_audience>};

// ---- Aliases ----

template <class Place>
constexpr Access alias = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value.empty()) return access::refused("it is empty");
      Place::at(config, given).aliases.by_name[std::string{Place::item(given)}] = given.value;
      return access::taken();
    },
    [](const ServerConfig& config) {
      return Place::show(config, [](const Server& part) { return text_of(part.aliases.by_name); });
    }};

template <class Place, auto Member>
constexpr Access alias_part = {[](ServerConfig& config, const KeyText& given) {
                                 if (given.value.empty()) return access::refused("it is empty");
                                 auto& numbered = Place::at(config, given).aliases.by_number;
                                 numbered[std::string{Place::item(given)}].*Member = given.value;
                                 return access::taken();
                               },
                               [](const ServerConfig& config) {
                                 return Place::show(config, [](const Server& part) {
                                   std::string all;
                                   for (const auto& [number, one] : part.aliases.by_number)
                                     all += fmt::format("{}{}={}", all.empty() ? "" : ",", number,
                                                        one.*Member);
                                   return all;
                                 });
                               }};

// ---- Rows ----

constexpr std::string_view accepts_url = "a URL that begins with http:// or https://";
constexpr std::string_view accepts_verify = "verify_peer or verify_none";
constexpr std::string_view accepts_algorithm = "RS256, ES256, PS256, EdDSA and the like";
constexpr std::string_view accepts_scopes = "scopes separated by blanks";
constexpr std::string_view accepts_claims = "names of claims separated by blanks";

void add_keys(const Section& add) {
  using Place = RootProvider;
  add({"auth_oauth2.issuer", accepts_url,
       "Issuer of the tokens. Its discovery document names the URL of the keys if jwks_uri "
       "is not set."},
      restart, issuer<Place>);
  add({"auth_oauth2.discovery_endpoint_path", "a path",
       "Path of the discovery document, behind the issuer; .well-known/openid-configuration "
       "if not set."},
      restart, text<Place, &Provider::discovery_path>);
  add({"auth_oauth2.discovery_endpoint_params.$name", "a text",
       "A parameter of the request for the discovery document."},
      restart, named_text<Place, &Provider::discovery_parameters>);
  add({"auth_oauth2.jwks_uri", accepts_url,
       "URL of the keys. They are fetched when a token names one that is not known, at most "
       "every 10 s."},
      restart, url<Place, &Provider::jwks_url>);
  add({"auth_oauth2.jwks_url", accepts_url, "Another name of auth_oauth2.jwks_uri."}, restart,
      access::alias_of(url<Place, &Provider::jwks_url>));
  add({"auth_oauth2.signing_keys.$id", "a PEM file",
       "A public key, or a certificate with one, that tokens with this key id are signed with."},
      restart, named_text<Place, &Provider::key_files>);
  add({"auth_oauth2.default_key", "the id of a key", "Key of tokens that name no key."}, restart,
      text<Place, &Provider::default_key>);
  add({"auth_oauth2.algorithms.$n", accepts_algorithm,
       "One line for each algorithm that a token may be signed with; none: all of them."},
      restart, algorithm<Place>);
  add({"auth_oauth2.https.cacertfile", "a file",
       "Authorities that jwks_uri and the issuer are verified with."},
      restart, text<Place, &Provider::ca_file>);
  add({"auth_oauth2.https.peer_verification", accepts_verify,
       "Whether their certificates and host names are verified."},
      restart, verify<Place>);
}

void add_claims(const Section& add) {
  using Place = RootServer;
  add({"auth_oauth2.resource_server_id", "a name",
       "Name of this broker in the claim aud of tokens, and before the dot of their scopes."},
      restart, text<Place, &Server::id>);
  add({"auth_oauth2.resource_server_type", "a text",
       "Type of the permissions in the claim authorization_details that are for this broker; not "
       "set: none is."},
      restart, text<Place, &Server::type>);
  add({"auth_oauth2.default_oauth_provider", "an id of auth_oauth2.oauth_providers",
       "Provider of the keys for resource servers that name none; not set: the keys of "
       "auth_oauth2 itself."},
      restart, text<Place, &Server::provider>);
  add({"auth_oauth2.verify_aud", accepts_bool,
       "Whether the claim aud must name this broker; true if not set."},
      restart, verify_audience<Place>);
  add({"auth_oauth2.scope_prefix", "a text, may be empty",
       "Only scopes that begin with this are used, without it; the resource server's id and "
       "a dot if not set."},
      restart, text_or_empty<Place, &Server::scope_prefix>);
  add({"auth_oauth2.additional_scopes_key", accepts_claims,
       "More claims with scopes, besides scope; a.b is b in the object a."},
      restart, text<Place, &Server::additional_scopes_key>);
  add({"auth_oauth2.preferred_username_claims.$n", "the name of a claim",
       "Claims that name the user, before sub and client_id."},
      restart, list_item<Place, &Server::username_claims>);
  add({"auth_oauth2.scope_aliases.$alias", accepts_scopes, "What a scope of this name stands for."},
      restart, alias<Place>);
  add({"auth_oauth2.scope_aliases.$n.alias", "a scope",
       "The same for a name that is no part of a key: the name."},
      restart, alias_part<Place, &Aliases::Numbered::alias>);
  add({"auth_oauth2.scope_aliases.$n.scope", accepts_scopes, "What it stands for."}, restart,
      alias_part<Place, &Aliases::Numbered::scopes>);
}

void add_resource_servers(const Section& add) {
  using Place = NamedServer;
  add({"auth_oauth2.resource_servers.$id.id", "a name",
       "Name of a further resource server in tokens; as in the key if not set. What it does "
       "not set is as for auth_oauth2 itself."},
      restart, text<Place, &Server::id>);
  add({"auth_oauth2.resource_servers.$id.oauth_provider_id", "an id of auth_oauth2.oauth_providers",
       "Provider of the keys that its tokens are signed with."},
      restart, text<Place, &Server::provider>);
  add({"auth_oauth2.resource_servers.$id.resource_server_type", "a text",
       "As auth_oauth2.resource_server_type."},
      restart, text<Place, &Server::type>);
  add({"auth_oauth2.resource_servers.$id.verify_aud", accepts_bool,
       "As auth_oauth2.verify_aud; false for one only, which takes tokens that name none."},
      restart, verify_audience<Place>);
  add({"auth_oauth2.resource_servers.$id.scope_prefix", "a text, may be empty",
       "As auth_oauth2.scope_prefix."},
      restart, text_or_empty<Place, &Server::scope_prefix>);
  add({"auth_oauth2.resource_servers.$id.additional_scopes_key", accepts_claims,
       "As auth_oauth2.additional_scopes_key."},
      restart, text<Place, &Server::additional_scopes_key>);
  add({"auth_oauth2.resource_servers.$id.preferred_username_claims.$n", "the name of a claim",
       "As auth_oauth2.preferred_username_claims.$n."},
      restart, list_item<Place, &Server::username_claims>);
  add({"auth_oauth2.resource_servers.$id.scope_aliases.$alias", accepts_scopes,
       "As auth_oauth2.scope_aliases.$alias."},
      restart, alias<Place>);
  add({"auth_oauth2.resource_servers.$id.scope_aliases.$n.alias", "a scope",
       "As auth_oauth2.scope_aliases.$n.alias."},
      restart, alias_part<Place, &Aliases::Numbered::alias>);
  add({"auth_oauth2.resource_servers.$id.scope_aliases.$n.scope", accepts_scopes,
       "As auth_oauth2.scope_aliases.$n.scope."},
      restart, alias_part<Place, &Aliases::Numbered::scopes>);
}

void add_providers(const Section& add) {
  using Place = NamedProvider;
  add({"auth_oauth2.oauth_providers.$id.issuer", accepts_url,
       "A further provider of tokens; as auth_oauth2.issuer."},
      restart, issuer<Place>);
  add({"auth_oauth2.oauth_providers.$id.discovery_endpoint_path", "a path",
       "As auth_oauth2.discovery_endpoint_path."},
      restart, text<Place, &Provider::discovery_path>);
  add({"auth_oauth2.oauth_providers.$id.discovery_endpoint_params.$name", "a text",
       "As auth_oauth2.discovery_endpoint_params.$name."},
      restart, named_text<Place, &Provider::discovery_parameters>);
  add({"auth_oauth2.oauth_providers.$id.jwks_uri", accepts_url, "As auth_oauth2.jwks_uri."},
      restart, url<Place, &Provider::jwks_url>);
  add({"auth_oauth2.oauth_providers.$id.signing_keys.$key", "a PEM file",
       "As auth_oauth2.signing_keys.$id."},
      restart, named_text<Place, &Provider::key_files>);
  add({"auth_oauth2.oauth_providers.$id.default_key", "the id of a key",
       "As auth_oauth2.default_key."},
      restart, text<Place, &Provider::default_key>);
  add({"auth_oauth2.oauth_providers.$id.algorithms.$n", accepts_algorithm,
       "As auth_oauth2.algorithms.$n."},
      restart, algorithm<Place>);
  add({"auth_oauth2.oauth_providers.$id.https.cacertfile", "a file",
       "As auth_oauth2.https.cacertfile."},
      restart, text<Place, &Provider::ca_file>);
  add({"auth_oauth2.oauth_providers.$id.https.verify", accepts_verify,
       "As auth_oauth2.https.peer_verification."},
      restart, verify<Place>);
  add({"auth_oauth2.oauth_providers.$id.https.peer_verification", accepts_verify,
       "Another name of auth_oauth2.oauth_providers.$id.https.verify."},
      restart, access::alias_of(verify<Place>));
}

}  // namespace
}  // namespace token_keys

void add_tokens(std::vector<KeySpec>& rows) {
  const Section add(rows, "OAuth 2");
  token_keys::add_keys(add);
  token_keys::add_claims(add);
  token_keys::add_resource_servers(add);
  token_keys::add_providers(add);
}

}  // namespace lepus::server
