// Words of HTTP: reasons, dates, lists in header fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http/http_service.h"

namespace lepus::net {

/// "Not Found"; "Unknown" for a number without a name.
std::string_view http_reason(unsigned status);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t seconds_since_1970);

bool is_same_word(std::string_view left, std::string_view right);  ///< In any case.

/// The value of the first field of this name, in any case; null: there is none.
const std::string* find_http_field(const HttpHeaders& headers, std::string_view name);

/// Whether a list as in "Connection: close, upgrade" has this element, in any case.
bool has_list_element(std::string_view list, std::string_view element);

/// Whether a header If-None-Match names this entity tag, weak or not, or any ("*"): RFC 9110,
/// 13.1.2.
bool names_entity_tag(std::string_view if_none_match, std::string_view tag);

enum class HttpCoding : std::uint8_t { identity, gzip, deflate };
std::string_view http_coding_name(HttpCoding coding);
/// The best one of a header Accept-Encoding.
HttpCoding accepted_coding(std::string_view accept_encoding);
/// Whether content of this type becomes smaller.
bool is_compressible(std::string_view content_type);

/// The body of errors, as RabbitMQ's: {"error":"...","reason":"..."}
std::string http_error_body(std::string_view error, std::string_view reason);

}  // namespace lepus::net
