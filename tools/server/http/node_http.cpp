// See node_http.h.
#include "tools/server/http/node_http.h"

#include <utility>

#include "tools/server/config/config.h"
#include "tools/server/http/http_settings.h"

namespace lepus::server {

namespace {

MetricsSettings metrics_settings(const ServerConfig& config) {
  return {config.prometheus.path, config.prometheus.return_per_object_metrics};
}

}  // namespace

NodeHttp::NodeHttp(Parts parts, const ServerConfig& config, HttpTls tls)
    : parts_(std::move(parts)),
      place_{.loop = *parts_.loop,
             .admin = parts_.thread->admin(),
             .broker = parts_.thread->view(),
             .host = *parts_.host,
             .logins = *parts_.logins,
             .log = *parts_.log,
             .sampler = parts_.thread->sampler(),
             .auth = ApiAuthDesk{parts_.auth.get()},
             .settings = make_api_settings(config)},
      management_(place_, api_core_routes()),
      pages_(management_, place_.settings, web_files()),
      samples_(parts_.thread->view(), parts_.thread->sampler().store(), *parts_.host),
      prometheus_(samples_, metrics_settings(config)),
      ports_({parts_.loop, parts_.log, &place_.admin, &pages_, &prometheus_, parts_.descriptor_max},
             config, std::move(tls)) {
  place_.reset_statistics = [this] { parts_.thread->sampler().reset(); };
  // The last one: what the services are asked in a turn they begin in it.
  place_.admin.add_transport(management_);
  place_.admin.add_transport(prometheus_);
  place_.admin.add_transport(*this);
}

NodeHttp::~NodeHttp() = default;

void NodeHttp::start() {
  if (parts_.auth != nullptr) parts_.auth->start();
}

void NodeHttp::set_config(const ServerConfig& config, HttpTls tls) {
  place_.settings = make_api_settings(config);
  prometheus_.set_settings(metrics_settings(config));
  ports_.set_config(config, std::move(tls));
}

void NodeHttp::stop() {
  if (parts_.auth != nullptr) parts_.auth->close();
}

}  // namespace lepus::server
