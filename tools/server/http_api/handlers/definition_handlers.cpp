// Definitions as a file: /definitions, of one virtual host, and under its old name
// /all-configuration. A browser's form uploads one, and is sent to another page afterwards.
#include <openssl/evp.h>

#include <array>
#include <utility>

#include <fmt/format.h>

#include "net/http/http_text.h"
#include "persist/catalog/json_text.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/http_api/api_body.h"
#include "tools/server/http_api/api_operation.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/multipart.h"

namespace lepus::server {

namespace {

using Json = ApiCall::Json;

constexpr std::array vhost_sections{"parameters", "policies", "queues", "exchanges", "bindings"};

/// The text in the answer of export_definitions.
std::string definitions_of(std::string_view result) {
  const Json json = persist::parse_json(result);
  const auto found = json.find("definitions");
  return found == json.end() || !found->is_string() ? "{}" : found->get<std::string>();
}

/// What is of the virtual host, which is not named in it: so it can be imported into another.
std::string cut_to_vhost(const std::string& text, const std::string& vhost) {
  const Json all = persist::parse_json(text);
  Json cut = Json::object();
  for (const char* key : {"rabbit_version", "rabbitmq_version", "product_name", "product_version"})
    if (all.contains(key)) cut[key] = all[key];
  cut["explanation"] = fmt::format("Definitions of virtual host '{}'", vhost);
  for (const char* section : vhost_sections) {
    Json& rows = cut[section] = Json::array();
    if (!all.contains(section)) continue;
    for (const Json& row : all[section]) {
      if (!row.is_object() || !row.contains("vhost") || row["vhost"] != vhost) continue;
      rows.push_back(row);
      rows.back().erase("vhost");
    }
  }
  return dump(cut);
}

/// Weak: the text may be sent compressed.
std::string entity_tag(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), digest.data(), &size) == 0)
    return {};
  return fmt::format("W/\"{:02x}\"", fmt::join(digest.begin(), digest.begin() + size, ""));
}

/// 304 for who has the same file: what a program that watches for changes asks again and again.
void answer_file(ApiCall& call, const std::string& text) {
  const std::string* name = call.query().find("download");
  const std::string* columns = call.query().find("columns");
  net::HttpHeaders headers = {{"cache-control", "no-cache"}};
  if (std::string tag = entity_tag(text); !tag.empty()) {
    const bool is_known = net::names_entity_tag(call.request().header("if-none-match"), tag);
    headers.emplace_back("etag", std::move(tag));
    if (is_known) return call.answer(304, {}, std::move(headers));
  }
  if (name != nullptr && !name->empty())
    headers.emplace_back("content-disposition",
                         "attachment; filename=" + net::percent_encode(*name));
  call.answer(200, columns == nullptr ? text : ApiColumns{*columns}.cut(text), std::move(headers));
}

void export_all(ApiCall& call) {
  ApiOutcome outcome;
  outcome.on_done = [](ApiCall& done, std::string_view result, const std::vector<std::string>&) {
    const std::string text = definitions_of(result);
    answer_file(done, done.has_capture("vhost") ? cut_to_vhost(text, done.capture("vhost")) : text);
  };
  start_operation(call, make_verb(call, "export_definitions"), std::move(outcome));
}

// --- Import

/// Of a form: the file, and where its browser goes afterwards. False: the call was answered.
struct Upload {
  std::string text;
  std::string redirect;
};
bool read_upload(ApiCall& call, Upload& upload) {
  const std::string_view type = call.request().header("content-type");
  if (!type.starts_with("multipart/form-data")) {
    upload.text = call.request().body;
    return true;
  }
  const auto parts = read_form(type, call.request().body);
  if (!parts) {
    call.bad_request("the form could not be read: expected multipart/form-data with a file");
    return false;
  }
  for (const FormPart& part : *parts) {
    if (part.name == "file") upload.text = part.content;
    if (part.name == "redirect") upload.redirect = part.content;
  }
  return true;
}

/// Only to a place on this server: a form of another site must not lead elsewhere.
bool is_own_place(std::string_view place) {
  return !place.empty() && place.find("//") == std::string_view::npos &&
         place.find_first_of("\r\n\\") == std::string_view::npos;
}

void import_file(ApiCall& call) {
  Upload upload;
  if (!read_upload(call, upload)) return;
  if (upload.text.empty()) return call.bad_request("not_json");
  AdminRequest verb = make_verb(call, "import_definitions", {std::move(upload.text)});
  if (call.has_capture("vhost")) verb.options.emplace("vhost", call.capture("vhost"));
  ApiOutcome outcome;
  outcome.on_done = [redirect = std::move(upload.redirect)](ApiCall& done, std::string_view,
                                                            const std::vector<std::string>&) {
    if (!is_own_place(redirect)) return done.answer(204);
    done.answer(303, {}, {{"location", redirect}});
  };
  start_operation(call, std::move(verb), std::move(outcome));
}

constexpr std::array definition_table{
    ApiRoute{"GET", "/definitions", export_all, admin},
    ApiRoute{"POST", "/definitions", import_file, admin},
    ApiRoute{"GET", "/definitions/:vhost", export_all, admin, login},
    ApiRoute{"POST", "/definitions/:vhost", import_file, admin, login},
    ApiRoute{"GET", "/all-configuration", export_all, admin},
    ApiRoute{"POST", "/all-configuration", import_file, admin},
};

}  // namespace

std::span<const ApiRoute> api_definition_routes() { return definition_table; }

}  // namespace lepus::server
