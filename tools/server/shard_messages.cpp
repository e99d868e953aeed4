// See shard_messages.h.
#include "tools/server/shard_messages.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::server {

namespace {

ShardMessages::Result failed(std::uint64_t number, core::AmqpError error) {
  auto result = std::make_unique<core::MessageResult>();
  result->number = number;
  result->error = std::move(error);
  return result;
}

core::AmqpError stopping() {
  return {core::ReplyCode::connection_forced, "the broker is stopping"};
}

}  // namespace

ShardMessages::Result ShardMessages::take(std::unique_ptr<core::MessageRequest> request,
                                          const core::PublishSettings& settings) {
  CHECK(request != nullptr);
  if (broker_.stopping()) return failed(request->number, stopping());
  if (jobs_.size() >= core::limits::jobs_max)
    return failed(request->number, {core::ReplyCode::resource_error,
                                    "too many requests about messages wait on this shard"});
  jobs_.push_back(core::make_session_job(broker_, std::move(request), settings));
  return nullptr;
}

void ShardMessages::work() {
  for (const auto& job : jobs_)
    if (job->has_work()) job->work();
}

std::vector<ShardMessages::Result> ShardMessages::collect() {
  std::vector<Result> results;
  for (const auto& job : jobs_) {
    job->collect();
    if (job->is_done()) results.push_back(job->take_result());
  }
  if (!results.empty()) std::erase_if(jobs_, [](const auto& job) { return job->is_done(); });
  return results;
}

bool ShardMessages::has_work() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->has_work(); });
}

std::vector<ShardMessages::Result> ShardMessages::stop() {
  std::vector<Result> results;
  for (const auto& job : std::exchange(jobs_, {}))
    results.push_back(failed(job->number(), stopping()));
  return results;
}

}  // namespace lepus::server
