// See fresh_samples.h.
#include "tools/server/http_api/fresh_samples.h"

#include <memory>

#include "tools/server/samples/sampler.h"

namespace lepus::server {

namespace {

class SampleWait final : public ApiTask {
 public:
  SampleWait(ApiCall& call, void (*handle)(ApiCall& call))
      : call_(call), handle_(handle), deadline_(call.place().sampler.wait_ends_at()) {}

  bool has_work() const override {
    const Sampler& sampler = call_.place().sampler;
    return sampler.is_fresh() || sampler.now() >= deadline_;
  }
  /// The virtual host was there when the call came. The handler may give the call another task,
  /// which is the end of this one.
  void work() override {
    ApiCall& call = call_;
    if (call.has_capture("vhost") && call.vhost() == nullptr) return call.not_found();
    handle_(call);
  }

 private:
  ApiCall& call_;
  void (*handle_)(ApiCall& call);
  core::Nanos deadline_;
};

}  // namespace

void with_fresh_samples(ApiCall& call, void (*handle)(ApiCall& call)) {
  if (!call.place().sampler.refresh()) return handle(call);
  call.run(std::make_unique<SampleWait>(call, handle));
}

}  // namespace lepus::server
