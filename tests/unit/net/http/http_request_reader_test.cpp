// Bytes as requests: whole ones cut at every place, and what is refused with which status.
#include "net/http/http_request_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "core/limits/http.h"

namespace lepus::net {
namespace {

using ReaderState = HttpRequestReader::State;
namespace limits = core::limits;

/// As a connection does: what was not used comes again.
struct Feed {
  void add(std::string_view bytes) {
    held += bytes;
    for (;;) {
      const ReaderState before = reader.state();
      const std::size_t used = reader.read(held);
      held.erase(0, used);
      if (reader.state() == before && (used == 0 || held.empty())) return;
      if (reader.state() == ReaderState::complete || reader.state() == ReaderState::failed) return;
    }
  }
  HttpRequestReader reader{1000};
  std::string held;
};

unsigned status_of(std::string_view request) {
  Feed feed;
  feed.add(request);
  return feed.reader.state() == ReaderState::failed ? feed.reader.refusal().status : 0;
}

TEST(HttpRequestReader, ReadsARequestCutAtEveryPlace) {
  const std::string request =
      "\r\nPUT /api/queues/%2F/q?x=1&y HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
      "Accept-Encoding: gzip\r\n\r\nhelloNEXT";
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    Feed feed;
    feed.add(std::string_view(request).substr(0, cut));
    feed.add(std::string_view(request).substr(cut));
    ASSERT_EQ(feed.reader.state(), ReaderState::complete) << cut;
    const HttpRequest& read = feed.reader.request();
    EXPECT_EQ(read.method, "PUT");
    EXPECT_EQ(read.path, "/api/queues/%2F/q");
    EXPECT_EQ(read.query, "x=1&y");
    EXPECT_EQ(read.body, "hello");
    EXPECT_EQ(read.headers.size(), 3U);
    EXPECT_EQ(feed.reader.framing().coding, HttpCoding::gzip);
    EXPECT_TRUE(feed.reader.framing().keeps_alive);
    EXPECT_EQ(feed.held, "NEXT");
  }
}

TEST(HttpRequestReader, ReadsChunksByteByByte) {
  Feed feed;
  const std::string_view request =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: ignored\r\n\r\n";
  for (const char c : request) feed.add({&c, 1});
  ASSERT_EQ(feed.reader.state(), ReaderState::complete);
  EXPECT_EQ(feed.reader.request().body, "hello world");
  EXPECT_EQ(feed.reader.request().header("Trailer"), "");
  EXPECT_EQ(feed.held, "");
}

TEST(HttpRequestReader, ReadsOneAfterAnother) {
  Feed feed;
  feed.add("GET /1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nHEAD /2 HTTP/1.0\r\n\r\n");
  ASSERT_EQ(feed.reader.state(), ReaderState::complete);
  EXPECT_EQ(feed.reader.request().path, "/1");
  feed.reader.reset();
  feed.add("");
  ASSERT_EQ(feed.reader.state(), ReaderState::complete);
  EXPECT_EQ(feed.reader.request().path, "/2");
  EXPECT_EQ(feed.reader.request().method, "GET");
  EXPECT_EQ(feed.reader.request().header("X"), "");
  EXPECT_TRUE(feed.reader.framing().is_head);
  EXPECT_TRUE(feed.reader.framing().is_http_1_0);
  EXPECT_FALSE(feed.reader.framing().keeps_alive);
}

TEST(HttpRequestReader, KnowsHowConnectionsAreKept) {
  const auto keeps = [](std::string_view request) {
    Feed feed;
    feed.add(request);
    EXPECT_EQ(feed.reader.state(), ReaderState::complete);
    return feed.reader.framing().keeps_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpRequestReader, TakesTheFormsOfTargets) {
  const auto target = [](std::string_view text) {
    Feed feed;
    feed.add("GET " + std::string{text} + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(feed.reader.state(), ReaderState::complete) << text;
    return feed.reader.request().path + " " + feed.reader.request().query;
  };
  EXPECT_EQ(target("/a?b?c"), "/a b?c");
  EXPECT_EQ(target("http://host:1/a?b"), "/a b");
  EXPECT_EQ(target("http://host"), "/ ");
  EXPECT_EQ(target("http://host?b"), "/ b");
  EXPECT_EQ(target("/a://b"), "/a://b ");
  EXPECT_EQ(target("*"), "* ");
}

TEST(HttpRequestReader, RefusesWhatIsNotClear) {
  const std::string host = "Host: a\r\n";
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + host + host + "\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n" + host + "\r\n"), 505U);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\n" + host + "\n"), 400U);
  EXPECT_EQ(status_of("GET /a b HTTP/1.1\r\n" + host + "\r\n"), 400U);
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("nonsense\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n"), 400U);
}

TEST(HttpRequestReader, RefusesBodiesWithTwoLengths) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(status_of(post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Content-Length: x\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Content-Length: -1\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: gzip\r\n\r\n"), 501U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501U);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: chunked\r\n\r\nx\r\n0\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Expect: miracles\r\nContent-Length: 1\r\n\r\n"), 417U);
}

TEST(HttpRequestReader, KeepsToTheLimits) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(status_of(post + "Content-Length: 1001\r\n\r\n"), 413U);
  EXPECT_EQ(status_of(post + "Content-Length: 99999999999999999999999\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"), 413U);
  EXPECT_EQ(status_of(post + "Transfer-Encoding: chunked\r\n\r\n1;" +
                      std::string(limits::http_chunk_line_max + 1, 'a')),
            400U);
  EXPECT_EQ(status_of("GET /" + std::string(limits::http_request_line_max, 'a')), 414U);
  EXPECT_EQ(status_of("GET /" + std::string(limits::http_request_line_max, 'a') +
                      " HTTP/1.1\r\nHost: a\r\n\r\n"),
            414U);
  EXPECT_EQ(status_of(post + "X: " + std::string(limits::http_head_max, 'a')), 431U);
  std::string fields;
  for (std::size_t i = 0; i <= limits::http_fields_max; ++i) fields += "A: b\r\n";
  EXPECT_EQ(status_of(post + fields + "\r\n"), 431U);
  EXPECT_EQ(status_of(post + "X: " + std::string(limits::http_head_max / 2, 'a') + "\r\n\r\n"), 0U);
}

TEST(HttpRequestReader, KnowsWhoWaitsToContinue) {
  Feed feed;
  feed.add("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(feed.reader.state(), ReaderState::body);
  EXPECT_TRUE(feed.reader.expects_continue());
  feed.add("x");
  EXPECT_EQ(feed.reader.state(), ReaderState::complete);
  EXPECT_FALSE(feed.reader.expects_continue());
}

}  // namespace
}  // namespace lepus::net
