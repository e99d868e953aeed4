// One client of an HTTP server.
//
//   reading --(a whole request)--> due --run()--> answering --(answered)--> reading ...
//      any --(no more requests, a refusal, a failure)--> ending --> on_closed
//
// One request at a time: what the client sends behind it is held, and not read from the stream
// beyond what was under way. An answer ends inside a call of the service, which must not be called
// back from there; so the next request waits for run(), which the server calls in a turn's work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/intrusive_list.h"
#include "io/loop.h"
#include "net/http/http_answer.h"
#include "net/http/http_request_reader.h"
#include "net/http/http_shared.h"
#include "net/stream/stream.h"

namespace lepus::net {

class HttpConnection;
struct HttpDueTag;
struct HttpIdleTag;

/// What a connection tells its server.
struct HttpConnectionOwner {
  virtual void add_due(HttpConnection& connection) = 0;
  virtual void remove_due(HttpConnection& connection) = 0;
  virtual void add_idle(HttpConnection& connection) = 0;
  virtual void remove_idle(HttpConnection& connection) = 0;
  virtual void destroy_later(std::uint32_t slot, std::unique_ptr<Stream> stream) = 0;

 protected:
  ~HttpConnectionOwner() = default;
};

class HttpConnection final : public StreamHandler,
                             public core::ListNode<HttpDueTag>,
                             public core::ListNode<HttpIdleTag>,
                             private HttpAnswer::Watcher {
 public:
  HttpConnection(HttpShared& shared, HttpConnectionOwner& owner, std::unique_ptr<Stream> stream,
                 const ListenerIdentity& listener);
  ~HttpConnection();

  /// Once, before anything else: from now on it may be destroyed by destroy_later() of `slot` only.
  void start(std::uint32_t slot);
  /// It was due: hands a request to the service, or reads on in what it holds.
  void run();
  /// Tells the client why and ends; nothing when it is ending.
  void refuse(const HttpRefusal& refusal);
  /// No more requests: ends now, or behind the answer under way.
  void stop();
  /// The hard end.
  void abort() {
    if (stream_ != nullptr) stream_->close();
  }

 private:
  enum class State : std::uint8_t { reading, due, answering, ending };

  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override;
  void on_sent() override { answer_.on_sent(); }
  void on_closed(std::string_view why) override;
  void on_answered() override;
  void on_answer_failed() override { abort(); }
  void on_timer(io::Timer& timer);

  std::size_t read(std::string_view bytes);
  bool take_step(HttpRequestReader::State before, bool has_more);
  void hold(std::string_view bytes);
  void read_held();
  void count_body();
  void become_idle();
  void become_due();
  void hand_over();
  void end();
  void set_timer(core::Nanos wait);
  bool is_body_late();

  HttpShared& shared_;
  HttpConnectionOwner& owner_;
  std::unique_ptr<Stream> stream_;
  std::uint32_t slot_ = 0;
  State state_ = State::reading;
  HttpRequestReader reader_;
  HttpAnswer answer_;
  std::string held_;              ///< What came behind the request under way.
  std::size_t held_begin_ = 0;    ///< Of it, what was not read.
  std::size_t counted_body_ = 0;  ///< In HttpShared::bodies_size.
  bool is_paused_ = false;        ///< Of reading from the stream.
  bool has_peer_ended_ = false;   ///< The client sends no more.
  core::Nanos body_since_ = 0;    ///< When its first byte could come.
  io::Timer timer_;               ///< While reading: its limit.
};

}  // namespace lepus::net
