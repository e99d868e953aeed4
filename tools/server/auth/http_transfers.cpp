// libcurl's multi interface: no call of it waits but curl_multi_poll(), which wake() ends.
#include "tools/server/auth/http_transfers.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "tools/server/auth/http_question.h"

namespace lepus::server {

using core::AuthAnswer;
using core::LogCategory;
using core::LogLevel;

namespace {

void init_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

std::string_view text_of(CURLcode code) {
  return code == CURLE_WRITE_ERROR ? "its answer is too long" : curl_easy_strerror(code);
}

}  // namespace

HttpTransfers::HttpTransfers(const AuthHttpConfig& config, core::Log& log)
    : config_(config), log_(log) {
  init_curl_once();
  multi_ = curl_multi_init();
  CHECK(multi_ != nullptr);
}

HttpTransfers::~HttpTransfers() {
  for (const auto& transfer : transfers_) end(*transfer);
  for (const auto& transfer : fetches_) end(*transfer);
  curl_multi_cleanup(multi_);
}

void HttpTransfers::end(Transfer& transfer) {
  if (transfer.is_under_way) curl_multi_remove_handle(multi_, transfer.handle);
  curl_easy_cleanup(transfer.handle);
}

void HttpTransfers::wake() { (void)curl_multi_wakeup(multi_); }

void HttpTransfers::add(AuthJob&& job) { waiting_.push_back({std::move(job), Clock::now()}); }

void HttpTransfers::work(const Answered& answered) {
  start_waiting(answered);
  int running = 0;
  CHECK(curl_multi_perform(multi_, &running) == CURLM_OK);
  int left = 0;
  bool is_any_done = false;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    finish(*transfer, message->data.result, answered);
    is_any_done = true;
  }
  constexpr int wait_ms = 1000;
  if (!is_any_done) (void)curl_multi_poll(multi_, nullptr, 0, wait_ms, nullptr);
}

/// Those that waited for so long as a request may take are not begun any more.
void HttpTransfers::start_waiting(const Answered& answered) {
  const auto wait_max = std::chrono::milliseconds{config_.request_timeout_ms};
  const Clock::time_point now = Clock::now();
  while (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    if (now - first.since > wait_max) {
      AuthAnswer answer;
      answer.ticket = first.job.question.ticket;
      answer.text = "the authentication service is too slow: the question waited for too long";
      log_failure(first.job.question, answer.text);
      answered(*first.job.from, std::move(answer));
    } else if (Transfer* transfer = free_transfer()) {
      begin(*transfer, std::move(first.job));
    } else {
      return;
    }
    waiting_.pop_front();
  }
}

HttpTransfers::Transfer* HttpTransfers::free_transfer() {
  const auto is_idle = [](const auto& transfer) { return !transfer->is_under_way; };
  const bool is_any_idle = std::any_of(transfers_.begin(), transfers_.end(), is_idle);
  if (!is_any_idle && transfers_.size() >= transfers_max) return nullptr;
  return &idle_of(transfers_);
}

/// One more when all are under way.
HttpTransfers::Transfer& HttpTransfers::idle_of(std::vector<std::unique_ptr<Transfer>>& transfers) {
  for (const auto& transfer : transfers)
    if (!transfer->is_under_way) return *transfer;
  transfers.push_back(std::make_unique<Transfer>());
  transfers.back()->handle = curl_easy_init();
  CHECK(transfers.back()->handle != nullptr);
  return *transfers.back();
}

void HttpTransfers::begin(Transfer& transfer, AuthJob&& job) {
  transfer.job = std::move(job);
  transfer.answer.clear();
  transfer.is_under_way = true;
  HttpQuestion question = make_http_question(config_, transfer.job.question);
  transfer.request_body = std::move(question.body);
  curl_easy_reset(transfer.handle);
  curl_easy_setopt(transfer.handle, CURLOPT_URL, question.url.c_str());
  set_options(transfer, config_);
  CHECK(curl_multi_add_handle(multi_, transfer.handle) == CURLM_OK);
}

void HttpTransfers::fetch(const std::string& url, const AuthHttpConfig& options,
                          std::function<void(Fetched&&)> done) {
  Transfer& transfer = idle_of(fetches_);
  transfer.fetched = std::move(done);
  transfer.answer.clear();
  transfer.is_under_way = true;
  curl_easy_reset(transfer.handle);
  curl_easy_setopt(transfer.handle, CURLOPT_URL, url.c_str());
  set_options(transfer, options);
  CHECK(curl_multi_add_handle(multi_, transfer.handle) == CURLM_OK);
}

/// No redirects, no proxy of the environment: the operator has named the service.
void HttpTransfers::set_options(Transfer& transfer, const AuthHttpConfig& config) const {
  CURL* handle = transfer.handle;
  curl_easy_setopt(handle, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "lepus");
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &HttpTransfers::on_data);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(config.request_timeout_ms));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(config.connection_timeout_ms));
  if (config.posts) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE,
                     static_cast<long>(transfer.request_body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, transfer.request_body.c_str());
  }
  const long verifies = config.verifies_peer ? 1 : 0;
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, verifies);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, verifies * 2);
  if (!config.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, config.ca_file.c_str());
  if (!config.certificate_file.empty())
    curl_easy_setopt(handle, CURLOPT_SSLCERT, config.certificate_file.c_str());
  if (!config.key_file.empty()) curl_easy_setopt(handle, CURLOPT_SSLKEY, config.key_file.c_str());
}

/// Less than was given ends the transfer.
std::size_t HttpTransfers::on_data(char* data, std::size_t size, std::size_t count,
                                   void* transfer) {
  std::string& answer = static_cast<Transfer*>(transfer)->answer;
  if (answer.size() + size * count > core::limits::auth_answer_size_max) return 0;
  answer.append(data, size * count);
  return size * count;
}

void HttpTransfers::finish(Transfer& transfer, CURLcode code, const Answered& answered) {
  CHECK(transfer.is_under_way);
  const core::AuthQuestion& question = transfer.job.question;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(multi_, transfer.handle);
  if (transfer.fetched) return finish_fetch(transfer, code);
  AuthAnswer answer;
  if (code == CURLE_OK) {
    answer = read_http_answer(question.kind, status, transfer.answer);
  } else {
    answer.text = fmt::format("the authentication service cannot be asked: {}", text_of(code));
  }
  if (answer.kind == AuthAnswer::Kind::failed) log_failure(question, answer.text);
  answer.ticket = question.ticket;
  transfer.is_under_way = false;
  AuthLink& to = *transfer.job.from;
  transfer.job = {};
  answered(to, std::move(answer));
}

/// What is called may fetch again.
void HttpTransfers::finish_fetch(Transfer& transfer, CURLcode code) {
  Fetched fetched{std::move(transfer.answer), {}};
  long status = 0;
  const char* target = nullptr;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.handle, CURLINFO_REDIRECT_URL, &target);
  if (code != CURLE_OK) {
    fetched.error = text_of(code);
  } else if (target != nullptr) {
    fetched.error = fmt::format(
        "status {}: it redirects to '{}', which is not followed; name that "
        "place in the configuration",
        status, target);
  } else if (status != 200) {
    fetched.error = fmt::format("status {}", status);
  }
  transfer.is_under_way = false;
  std::exchange(transfer.fetched, nullptr)(std::move(fetched));
}

void HttpTransfers::log_failure(const core::AuthQuestion& question, const std::string& why) {
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch());
  const std::uint64_t count = failures_.admit(now.count());
  if (count == 0) return;
  log_.write(LogLevel::error, LogCategory::general, "authentication over HTTP fails",
             {{"user", question.user}, {"reason", why}, {"count", count}});
}

}  // namespace lepus::server
