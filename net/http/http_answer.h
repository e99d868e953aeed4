// The answer of one request on its way into a stream.
//
//   closed --start()--> open --begin()--> pieces --end()--> closed: on_answered()
//                        |
//                        +---answer()--> whole: slices while there is room --> closed, as above
//
//   abandon(), fail(): closed from any state
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http/http_body_writer.h"
#include "net/http/http_request_reader.h"
#include "net/http/http_service.h"
#include "net/http/http_shared.h"
#include "net/stream/stream.h"

namespace lepus::net {

class HttpAnswer final : public HttpExchange {
 public:
  /// Whoever has the connection. Called inside calls of the service: it must not call that.
  struct Watcher {
    /// All of it is in the stream's out().
    virtual void on_answered() = 0;
    /// It is not whole and will not be: the connection has to be cut.
    virtual void on_answer_failed() = 0;

   protected:
    ~Watcher() = default;
  };

  HttpAnswer(HttpShared& shared, Stream& stream, Watcher& watcher)
      : shared_(shared), stream_(stream), watcher_(watcher), writer_(shared, stream) {}
  ~HttpAnswer();

  /// The request lives until on_answered(), on_answer_failed() or abandon().
  void start(const HttpRequest& request, const HttpFraming& framing);
  /// The service has not ended it.
  bool is_with_service() const { return state_ == State::open || state_ == State::pieces; }
  bool has_answerer() const { return answerer_ != nullptr; }
  /// Whether another request may come behind the answer.
  bool keeps_alive() const { return framing_.keeps_alive; }
  /// The stream's out() shrank.
  void on_sent();
  /// The connection is gone.
  void abandon();
  /// Without a service: what is wrong with a request, in RabbitMQ's form. The connection ends
  /// behind it.
  void refuse(const HttpRefusal& refusal);

  const HttpRequest& request() const override;
  void set_answerer(HttpAnswerer* answerer) override;
  void answer(unsigned status, const HttpHeaders& headers, std::string body) override;
  void begin(unsigned status, const HttpHeaders& headers) override;
  void write(std::string_view piece) override;
  void end() override;
  void fail() override;
  bool has_room() const override;

 private:
  enum class State : std::uint8_t { closed, open, pieces, whole };

  HttpCoding choose_coding(const HttpHeaders& headers) const;
  HttpTransfer unknown_length() const;
  void put_head(unsigned status, const HttpHeaders& headers, std::size_t size);
  void put_slices();
  void close();

  HttpShared& shared_;
  Stream& stream_;
  Watcher& watcher_;
  State state_ = State::closed;
  const HttpRequest* request_ = nullptr;
  HttpFraming framing_;
  HttpAnswerer* answerer_ = nullptr;
  HttpBodyWriter writer_;
  std::string body_;            ///< In State::whole.
  std::size_t body_begin_ = 0;  ///< Of it, what is not in the stream yet.
};

}  // namespace lepus::net
