// See api_entry.h.
#include "tools/server/http_api/api_entry.h"

#include <utility>

#include "tools/server/admin/json_writer.h"
#include "tools/server/config/config.h"

namespace lepus::server {

namespace {

/// For a user whose rights are a service's: about more virtual hosts it is not asked for one list.
constexpr std::size_t vhosts_asked_max = 1'000;

const io::PeerName& peer_of(const ApiCall& call) {
  static const io::PeerName unknown;
  return call.request().peer == nullptr ? unknown : *call.request().peer;
}

/// The pages of the management UI log in by a form, and link to definitions with credentials in the
/// address: nowhere else do these count.
std::optional<ApiCredentials> credentials_of(const ApiCall& call) {
  const ApiSettings& settings = call.place().settings;
  if (call.route().pattern == "/login" && settings.takes_passwords) {
    const ApiQuery form{call.request().body};
    const std::string* name = form.find("username");
    const std::string* password = form.find("password");
    if (name == nullptr || password == nullptr) return std::nullopt;
    return ApiCredentials{*name, *password};
  }
  const std::string* in_address = call.query().find("auth");
  if (in_address != nullptr && settings.takes_passwords && call.request().method == "GET" &&
      call.route().pattern.starts_with("/definitions"))
    return decode_credentials(*in_address);
  return read_credentials(call.request(), settings);
}

/// A PUT or POST names what is missing, as RabbitMQ's do.
void refuse_missing_vhost(ApiCall& call) {
  const std::string& method = call.request().method;
  if (method == "PUT" || method == "POST") return call.refuse(404, "not_found", "vhost_not_found");
  call.not_found();
}

}  // namespace

ApiEntry::~ApiEntry() {
  call_.place().loop.timers().cancel(timer_);
  call_.place().auth.forget(question_);
}

void ApiEntry::start() {
  timer_.bind<&ApiEntry::on_delay_over>(this);
  std::optional<ApiCredentials> credentials = credentials_of(call_);
  if (!credentials) return challenge("Not_Authorized");
  login_.emplace(ApiLogin::Parts{call_.place(), *this, peer_of(call_)}, *std::move(credentials));
  const ApiLogin::Outcome outcome = login_->start();
  if (outcome == ApiLogin::Outcome::waits) return;
  on_login(outcome);
  if (is_due_ && !call_.is_over()) work();
}

void ApiEntry::challenge(std::string_view reason) {
  const ApiSettings& settings = call_.place().settings;
  net::HttpHeaders headers;
  if (settings.takes_passwords)
    headers.emplace_back("www-authenticate", "Basic realm=\"" + settings.realm + "\"");
  JsonWriter json;
  json.begin_object();
  json.field("error", "not_authorized");
  json.field("reason", reason);
  json.end_object();
  call_.answer(401, json.take(), std::move(headers));
}

void ApiEntry::on_login(ApiLogin::Outcome outcome) {
  if (outcome == ApiLogin::Outcome::accepted) {
    call_.user() = login_->user();
    phase_ = Phase::judging;
    is_due_ = !collect_vhosts();
    return;
  }
  if (login_->delay() == 0) return challenge(login_->reason());
  phase_ = Phase::delaying;
  call_.place().loop.timers().arm(timer_, call_.place().loop.now() + login_->delay());
}

void ApiEntry::on_delay_over(io::Timer&) { is_due_ = true; }

void ApiEntry::work() {
  if (phase_ == Phase::delaying) return challenge(login_->reason());
  phase_ = Phase::entering;
  if (has_work()) enter();
}

// --- What a service has to be asked about virtual hosts

/// Returns true if answers are awaited.
bool ApiEntry::collect_vhosts() {
  const ApiUser& user = call_.user();
  if (user.authority != core::AuthBackend::http || user.is_administrator()) return false;
  const auto add = [&](const std::string& vhost) {
    core::AuthQuestion question;
    question.kind = core::AuthQuestion::Kind::vhost;
    question.user = user.name;
    question.tags = user.tags;
    question.vhost = vhost;
    question.client_address = peer_of(call_).remote.address;
    questions_.push_back(std::move(question));
  };
  if (call_.has_capture("vhost")) {
    if (call_.vhost() != nullptr) add(call_.capture("vhost"));
  } else if (!user.is_monitor()) {
    for (const core::VhostInfo* vhost : call_.topology().vhosts())
      if (questions_.size() < vhosts_asked_max) add(vhost->name);
  }
  return ask_vhosts();
}

/// One after the other. Returns true if an answer is awaited.
bool ApiEntry::ask_vhosts() {
  ApiAuthDesk& desk = call_.place().auth;
  for (; !questions_.empty(); questions_.pop_back()) {
    core::AuthQuestion& question = questions_.back();
    key_ = core::auth_cache_key(question);
    const std::optional<bool> known = desk.cache().find(key_, call_.place().loop.now());
    if (known && *known) call_.user().vhosts.insert(question.vhost);
    if (known) continue;
    question_ = desk.ask(question, *this);
    if (question_ != 0) return true;
  }
  return false;
}

void ApiEntry::on_auth_answer(const core::AuthAnswer& answer) {
  question_ = 0;
  ApiPlace& place = call_.place();
  const bool is_allowed = place.auth.keep(key_, answer, place.host.config().auth, place.loop.now());
  if (is_allowed) call_.user().vhosts.insert(questions_.back().vhost);
  questions_.pop_back();
  is_due_ = !ask_vhosts();
}

// --- In

/// The handler may leave another task: this one is gone then.
void ApiEntry::enter() {
  ApiCall& call = call_;
  const ApiRoute& route = call.route();
  std::string_view why = why_not(call.user(), route.right);
  const core::VhostInfo* vhost = call.vhost();
  const bool looks = route.vhost != ApiVhost::unchecked && call.has_capture("vhost");
  if (why.empty() && looks && vhost != nullptr && !call.user().is_administrator()) {
    const core::Access& access = call.topology().access();
    const bool may = route.vhost == ApiVhost::visible ? call.user().may_see(access, vhost->name)
                                                      : call.user().may_log_in(access, vhost->name);
    if (!may) why = "User not authorised to access virtual host";
  }
  if (!why.empty()) {
    call.place().log.write(
        core::LogLevel::warning, core::LogCategory::connection, "HTTP API access refused",
        {{"user", call.user().name}, {"path", call.request().path}, {"reason", why}});
    return call.not_authorised(why);
  }
  if (looks && vhost == nullptr) return refuse_missing_vhost(call);
  route.handle(call);
}

}  // namespace lepus::server
