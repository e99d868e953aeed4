// Names, times, alternative names.
#include "net/tls/certificate.h"

#include <array>
#include <ctime>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "core/base/bytes.h"

namespace lepus::net {
namespace {

std::string_view bytes_of(const ASN1_STRING& value) {
  return core::as_text(
      {ASN1_STRING_get0_data(&value), static_cast<std::size_t>(ASN1_STRING_length(&value))});
}

/// In UTF-8, whichever of the types of ASN.1 it has.
std::string text_of(const ASN1_STRING& value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, &value);
  if (size < 0) return std::string{bytes_of(value)};
  const std::unique_ptr<unsigned char, decltype([](unsigned char* held) { OPENSSL_free(held); })>
      owner(text);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

std::string escape(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(value[i]);
    const bool is_first = i == 0 && (byte == ' ' || byte == '#');
    const bool is_last = i + 1 == value.size() && byte == ' ';
    if (byte < 32 || byte >= 126) {
      text += fmt::format("\\{:02X}", byte);
      continue;
    }
    if (is_first || is_last || std::string_view{"\"+,;<>\\"}.find(value[i]) != value.npos)
      text += '\\';
    text += value[i];
  }
  return text;
}

struct AttributeName {
  int nid;
  std::string_view name;
};
constexpr AttributeName attribute_names[] = {
    {NID_surname, "SN"},
    {NID_givenName, "GIVENNAME"},
    {NID_initials, "INITIALS"},
    {NID_generationQualifier, "GENERATIONQUALIFIER"},
    {NID_commonName, "CN"},
    {NID_localityName, "L"},
    {NID_stateOrProvinceName, "ST"},
    {NID_organizationName, "O"},
    {NID_organizationalUnitName, "OU"},
    {NID_title, "TITLE"},
    {NID_countryName, "C"},
    {NID_serialNumber, "SERIALNUMBER"},
    {NID_pseudonym, "PSEUDONYM"},
    {NID_domainComponent, "DC"},
    {NID_pkcs9_emailAddress, "EMAILADDRESS"},
    {NID_streetAddress, "STREET"},
    {NID_userId, "UID"},
};

/// Dotted decimals for a type that has no name here.
std::string attribute_name(const ASN1_OBJECT& type) {
  const int nid = OBJ_obj2nid(&type);
  for (const AttributeName& known : attribute_names)
    if (known.nid == nid) return std::string{known.name};
  std::array<char, 128> dotted{};
  OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()), &type, /*no_name=*/1);
  return dotted.data();
}

std::string attribute_text(const X509_NAME_ENTRY& entry) {
  return attribute_name(*X509_NAME_ENTRY_get_object(&entry)) + "=" +
         escape(text_of(*X509_NAME_ENTRY_get_data(&entry)));
}

std::string name_text(const X509_NAME& name) {
  std::string text;
  for (int i = X509_NAME_entry_count(&name) - 1; i >= 0;) {
    // Attributes of one set stand together, in their order.
    const int set = X509_NAME_ENTRY_set(X509_NAME_get_entry(&name, i));
    int first = i;
    while (first > 0 && X509_NAME_ENTRY_set(X509_NAME_get_entry(&name, first - 1)) == set) --first;
    for (int part = first; part <= i; ++part) {
      if (!text.empty()) text += part == first ? ',' : '+';
      text += attribute_text(*X509_NAME_get_entry(&name, part));
    }
    i = first - 1;
  }
  return text;
}

std::string time_text(const ASN1_TIME& time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(&time, &parts) != 1) return "?";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// All of them, as RabbitMQ takes them.
std::string common_names(const X509& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  std::string text;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    if (!text.empty()) text += ',';
    text += text_of(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  return text;
}

int general_name_type(TlsLoginRule::AlternativeName type) {
  using Type = TlsLoginRule::AlternativeName;
  switch (type) {
    case Type::dns:
      return GEN_DNS;
    case Type::ip:
      return GEN_IPADD;
    case Type::email:
      return GEN_EMAIL;
    case Type::uri:
      return GEN_URI;
    case Type::other_name:
      return GEN_OTHERNAME;
  }
  return -1;
}

std::string address_text(std::string_view address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.size() == 4 ? AF_INET : AF_INET6;
  if (address.size() != 4 && address.size() != 16) return {};
  if (inet_ntop(family, address.data(), text.data(), text.size()) == nullptr) return {};
  return text.data();
}

std::string general_name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
      return std::string{bytes_of(*name.d.ia5)};
    case GEN_IPADD:
      return address_text(bytes_of(*name.d.iPAddress));
    case GEN_OTHERNAME:
      if (name.d.otherName->value->type == V_ASN1_UTF8STRING)
        return std::string{bytes_of(*name.d.otherName->value->value.utf8string)};
      return {};
    default:
      return {};
  }
}

std::string alternative_name(const X509& certificate, const TlsLoginRule& rule) {
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return {};
  std::uint32_t index = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(names.get(), i);
    if (name.type != general_name_type(rule.type)) continue;
    if (index++ == rule.index) return general_name_text(name);
  }
  return {};
}

}  // namespace

CertificateFacts describe_certificate(const X509& certificate) {
  return {name_text(*X509_get_subject_name(&certificate)),
          name_text(*X509_get_issuer_name(&certificate)),
          time_text(*X509_get0_notBefore(&certificate)) + " - " +
              time_text(*X509_get0_notAfter(&certificate))};
}

std::int64_t expiry_of(const X509& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return 0;
  return timegm(&parts);
}

std::string login_name(const X509& certificate, const TlsLoginRule& rule) {
  switch (rule.part) {
    case TlsLoginRule::Part::distinguished_name:
      return name_text(*X509_get_subject_name(&certificate));
    case TlsLoginRule::Part::common_name:
      return common_names(certificate);
    case TlsLoginRule::Part::alternative_name:
      return alternative_name(certificate, rule);
  }
  return {};
}

}  // namespace lepus::net
