// The table says which verbs change something, and how many of their arguments may be shown.
#include "tools/server/admin/admin_audit.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "tools/server/log/log_limit.h"

namespace lepus::server {

namespace {

struct AuditedVerb {
  std::string_view name;
  std::size_t shown;       ///< Arguments that may be in the log, from the first on.
  bool has_vhost = false;  ///< It is about the virtual host of the request.
};

constexpr std::size_t all = SIZE_MAX;
constexpr bool in_vhost = true;
constexpr std::array audited{
    AuditedVerb{"backup", all},
    AuditedVerb{"add_user", 1},
    AuditedVerb{"put_user", 1},
    AuditedVerb{"delete_user", all},
    AuditedVerb{"change_password", 1},
    AuditedVerb{"clear_password", all},
    AuditedVerb{"set_user_tags", all},
    AuditedVerb{"set_permissions", all, in_vhost},
    AuditedVerb{"set_permissions_globally", all},
    AuditedVerb{"clear_permissions", all, in_vhost},
    AuditedVerb{"set_topic_permissions", all, in_vhost},
    AuditedVerb{"clear_topic_permissions", all, in_vhost},
    AuditedVerb{"add_vhost", all},
    AuditedVerb{"delete_vhost", all},
    AuditedVerb{"update_vhost_metadata", all},
    AuditedVerb{"set_vhost_tags", all},
    AuditedVerb{"enable_vhost_deletion_protection", all},
    AuditedVerb{"disable_vhost_deletion_protection", all},
    AuditedVerb{"set_cluster_name", all},
    AuditedVerb{"trace_on", all, in_vhost},
    AuditedVerb{"trace_off", all, in_vhost},
    AuditedVerb{"set_vhost_limits", all, in_vhost},
    AuditedVerb{"clear_vhost_limits", all, in_vhost},
    AuditedVerb{"set_user_limits", all},
    AuditedVerb{"clear_user_limits", all},
    AuditedVerb{"set_parameter", 2, in_vhost},
    AuditedVerb{"clear_parameter", all, in_vhost},
    AuditedVerb{"restart_shovel", all, in_vhost},
    AuditedVerb{"delete_shovel", all, in_vhost},
    AuditedVerb{"move_messages", all, in_vhost},
    AuditedVerb{"set_global_parameter", 1},
    AuditedVerb{"clear_global_parameter", all},
    AuditedVerb{"set_policy", all, in_vhost},
    AuditedVerb{"set_operator_policy", all, in_vhost},
    AuditedVerb{"clear_policy", all, in_vhost},
    AuditedVerb{"clear_operator_policy", all, in_vhost},
    AuditedVerb{"purge_queue", all, in_vhost},
    AuditedVerb{"delete_queue", all, in_vhost},
    AuditedVerb{"retry_unreadable", all, in_vhost},
    AuditedVerb{"drop_unreadable", all, in_vhost},
    AuditedVerb{"declare_queue", all, in_vhost},
    AuditedVerb{"declare_exchange", all, in_vhost},
    AuditedVerb{"delete_exchange", all, in_vhost},
    AuditedVerb{"bind", all, in_vhost},
    AuditedVerb{"unbind", all, in_vhost},
    AuditedVerb{"publish", 0, in_vhost},
    AuditedVerb{"get", all, in_vhost},
    AuditedVerb{"close_connection", all},
    AuditedVerb{"close_named_connection", all},
    AuditedVerb{"close_all_connections", all, in_vhost},
    AuditedVerb{"close_all_user_connections", all},
    AuditedVerb{"set_vm_memory_high_watermark", all},
    AuditedVerb{"set_disk_free_limit", all},
    AuditedVerb{"import_definitions", 0},
    AuditedVerb{"export_definitions", 0},
    AuditedVerb{"stop", 0},
    AuditedVerb{"shutdown", 0},
    AuditedVerb{"stop_app", 0},
    AuditedVerb{"start_app", 0},
    AuditedVerb{"drain", 0},
    AuditedVerb{"revive", 0},
    AuditedVerb{"rotate_logs", 0},
    AuditedVerb{"reload", 0},
    AuditedVerb{"reload_certificates", 0},
    AuditedVerb{"set_log_level", all},
    AuditedVerb{"eval", all},
};

const AuditedVerb* find_audited(std::string_view verb) {
  const auto found =
      std::find_if(audited.begin(), audited.end(),
                   [&](const AuditedVerb& audited_verb) { return audited_verb.name == verb; });
  return found == audited.end() ? nullptr : &*found;
}

std::string shown_arguments(const AdminRequest& request, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, request.arguments.size()); ++i)
    text += (i == 0 ? "" : " ") + request.arguments[i];
  for (const auto& [name, value] : request.options)
    text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

}  // namespace

bool is_logged_change(std::string_view verb) { return find_audited(verb) != nullptr; }

void log_change(core::Log& log, const AdminRequest& request, std::string_view outcome) {
  using core::LogCategory;
  using core::LogLevel;
  const AuditedVerb* verb = find_audited(request.verb);
  if (verb == nullptr || !log.enabled(LogLevel::info, LogCategory::general)) return;
  const std::string arguments = shown_arguments(request, verb->shown);
  if (verb->has_vhost)
    return log.write(LogLevel::info, LogCategory::general, operator_change,
                     {{"verb", verb->name},
                      {"arguments", arguments},
                      {"vhost", request.vhost},
                      {"by", request.by},
                      {"via", request.via},
                      {"outcome", outcome}});
  log.write(LogLevel::info, LogCategory::general, operator_change,
            {{"verb", verb->name},
             {"arguments", arguments},
             {"by", request.by},
             {"via", request.via},
             {"outcome", outcome}});
}

}  // namespace lepus::server
