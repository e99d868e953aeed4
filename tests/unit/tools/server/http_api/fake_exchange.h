// One request and its answer, without a connection.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "net/http/http_service.h"

namespace lepus::server::test {

class FakeExchange final : public net::HttpExchange {
 public:
  FakeExchange() {
    peer_.remote = {"127.0.0.1", 51'234};
    peer_.local = {"127.0.0.1", 15'672};
    request_.peer = &peer_;
    request_.security = &net::no_security();
  }
  net::HttpRequest& edit() { return request_; }
  io::PeerName& peer() { return peer_; }

  const net::HttpRequest& request() const override { return request_; }
  void set_answerer(net::HttpAnswerer* answerer) override { answerer_ = answerer; }
  void answer(unsigned status, const net::HttpHeaders& headers, std::string body) override {
    begin(status, headers);
    body_ = std::move(body);
    end();
  }
  void begin(unsigned status, const net::HttpHeaders& headers) override {
    status_ = status;
    headers_ = headers;
  }
  void write(std::string_view piece) override {
    body_ += piece;
    ++pieces_;
  }
  void end() override {
    is_over_ = true;
    answerer_ = nullptr;
  }
  void fail() override {
    is_cut_ = true;
    end();
  }
  bool has_room() const override { return has_room_; }

  unsigned status() const { return status_; }
  const std::string& body() const { return body_; }
  std::string header(std::string_view name) const {
    for (const auto& [field, value] : headers_)
      if (field == name) return value;
    return {};
  }
  bool is_over() const { return is_over_; }
  bool is_cut() const { return is_cut_; }
  std::size_t pieces() const { return pieces_; }
  void set_room(bool has_room) { has_room_ = has_room; }
  /// The client has read.
  void tell_room() {
    has_room_ = true;
    if (answerer_ != nullptr) answerer_->on_room();
  }
  /// The client goes.
  void abandon() {
    if (answerer_ != nullptr) std::exchange(answerer_, nullptr)->on_abandoned();
  }

 private:
  io::PeerName peer_;
  net::HttpRequest request_;
  net::HttpAnswerer* answerer_ = nullptr;
  net::HttpHeaders headers_;
  unsigned status_ = 0;
  std::string body_;
  std::size_t pieces_ = 0;
  bool has_room_ = true;
  bool is_over_ = false;
  bool is_cut_ = false;
};

}  // namespace lepus::server::test
