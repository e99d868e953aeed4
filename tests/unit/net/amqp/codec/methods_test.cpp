// The generated methods: golden arguments of all 66 (made by an independent encoder), and what each
// decoder must refuse.
#include "net/amqp/methods.gen.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "core/message/field_table.h"
#include "tests/unit/net/amqp/hex.h"

namespace lepus::amqp {
namespace {

struct Golden {
  MethodId id;
  std::string_view arguments;
};

// Every text holds the name of its field (a longstr with '!' behind), bits are set by turns, tables
// are {"k": 1}.
constexpr Golden goldens[] = {
    {MethodId::connection_start,
     "070700000007016b49000000010000000b6d656368616e69736d732100000008"
     "6c6f63616c657321"},
    {MethodId::connection_start_ok,
     "00000007016b4900000001096d656368616e69736d00000009726573706f6e73"
     "6521066c6f63616c65"},
    {MethodId::connection_secure, "0000000a6368616c6c656e676521"},
    {MethodId::connection_secure_ok, "00000009726573706f6e736521"},
    {MethodId::connection_tune, "1234123456781234"},
    {MethodId::connection_tune_ok, "1234123456781234"},
    {MethodId::connection_open, "0c7669727475616c5f686f73740000"},
    {MethodId::connection_open_ok, "00"},
    {MethodId::connection_close, "12340a7265706c795f7465787412341234"},
    {MethodId::connection_close_ok, ""},
    {MethodId::connection_blocked, "06726561736f6e"},
    {MethodId::connection_unblocked, ""},
    {MethodId::connection_update_secret, "0000000b6e65775f7365637265742106726561736f6e"},
    {MethodId::connection_update_secret_ok, ""},
    {MethodId::channel_open, "00"},
    {MethodId::channel_open_ok, "00000000"},
    {MethodId::channel_flow, "01"},
    {MethodId::channel_flow_ok, "01"},
    {MethodId::channel_close, "12340a7265706c795f7465787412341234"},
    {MethodId::channel_close_ok, ""},
    {MethodId::access_request, "057265616c6d15"},
    {MethodId::access_request_ok, "1234"},
    {MethodId::exchange_declare, "00000865786368616e676504747970651500000007016b4900000001"},
    {MethodId::exchange_declare_ok, ""},
    {MethodId::exchange_delete, "00000865786368616e676501"},
    {MethodId::exchange_delete_ok, ""},
    {MethodId::exchange_bind,
     "00000b64657374696e6174696f6e06736f757263650b726f7574696e675f6b65"
     "790100000007016b4900000001"},
    {MethodId::exchange_bind_ok, ""},
    {MethodId::exchange_unbind,
     "00000b64657374696e6174696f6e06736f757263650b726f7574696e675f6b65"
     "790100000007016b4900000001"},
    {MethodId::exchange_unbind_ok, ""},
    {MethodId::queue_declare, "00000571756575651500000007016b4900000001"},
    {MethodId::queue_declare_ok, "0571756575651234567812345678"},
    {MethodId::queue_bind,
     "00000571756575650865786368616e67650b726f7574696e675f6b6579010000"
     "0007016b4900000001"},
    {MethodId::queue_bind_ok, ""},
    {MethodId::queue_purge, "000005717565756501"},
    {MethodId::queue_purge_ok, "12345678"},
    {MethodId::queue_delete, "000005717565756505"},
    {MethodId::queue_delete_ok, "12345678"},
    {MethodId::queue_unbind,
     "00000571756575650865786368616e67650b726f7574696e675f6b6579000000"
     "07016b4900000001"},
    {MethodId::queue_unbind_ok, ""},
    {MethodId::basic_qos, "12345678123401"},
    {MethodId::basic_qos_ok, ""},
    {MethodId::basic_consume,
     "00000571756575650c636f6e73756d65725f7461670500000007016b49000000"
     "01"},
    {MethodId::basic_consume_ok, "0c636f6e73756d65725f746167"},
    {MethodId::basic_cancel, "0c636f6e73756d65725f74616701"},
    {MethodId::basic_cancel_ok, "0c636f6e73756d65725f746167"},
    {MethodId::basic_publish, "00000865786368616e67650b726f7574696e675f6b657901"},
    {MethodId::basic_return,
     "12340a7265706c795f746578740865786368616e67650b726f7574696e675f6b"
     "6579"},
    {MethodId::basic_deliver,
     "0c636f6e73756d65725f7461670102030405060708010865786368616e67650b"
     "726f7574696e675f6b6579"},
    {MethodId::basic_get, "000005717565756501"},
    {MethodId::basic_get_ok,
     "0102030405060708010865786368616e67650b726f7574696e675f6b65791234"
     "5678"},
    {MethodId::basic_get_empty, "00"},
    {MethodId::basic_ack, "010203040506070801"},
    {MethodId::basic_reject, "010203040506070801"},
    {MethodId::basic_recover_async, "01"},
    {MethodId::basic_recover, "01"},
    {MethodId::basic_recover_ok, ""},
    {MethodId::basic_nack, "010203040506070801"},
    {MethodId::confirm_select, "01"},
    {MethodId::confirm_select_ok, ""},
    {MethodId::tx_select, ""},
    {MethodId::tx_select_ok, ""},
    {MethodId::tx_commit, ""},
    {MethodId::tx_commit_ok, ""},
    {MethodId::tx_rollback, ""},
    {MethodId::tx_rollback_ok, ""},
};

template <class Method>
std::string encoded_hex(const Method& method) {
  ByteVector out(encoded_size(method));
  EXPECT_EQ(encode(out.data(), method), out.data() + out.size()) << method_name(Method::id);
  return to_hex(out);
}

TEST(Methods, GoldenArgumentsSurviveDecodingAndEncoding) {
  for (const Golden& golden : goldens) {
    const ByteVector arguments = from_hex(golden.arguments);
    visit_method(golden.id, [&](auto method) {
      EXPECT_EQ(decltype(method)::id, golden.id);
      ASSERT_TRUE(decode(arguments, method)) << method_name(golden.id);
      EXPECT_EQ(encoded_hex(method), golden.arguments) << method_name(golden.id);
    });
  }
}

TEST(Methods, EveryTruncationAndEveryTrailingByteIsRefused) {
  for (const Golden& golden : goldens) {
    ByteVector arguments = from_hex(golden.arguments);
    visit_method(golden.id, [&](auto method) {
      for (std::size_t size = 0; size < arguments.size(); ++size) {
        const core::Bytes cut = core::Bytes{arguments}.first(size);
        EXPECT_FALSE(decode(cut, method)) << method_name(golden.id) << " " << size;
      }
      arguments.push_back(0);
      EXPECT_FALSE(decode(arguments, method)) << method_name(golden.id);
    });
    EXPECT_EQ(find_decode_fault(golden.id, arguments).kind, DecodeFault::Kind::wrong_size);
  }
}

TEST(Methods, FieldsHoldTheirValues) {
  const ByteVector bytes = from_hex("0000 057175657565 15 00000007 016b4900000001");
  QueueDeclare declare;
  ASSERT_TRUE(decode(bytes, declare));
  EXPECT_EQ(declare.queue, "queue");
  EXPECT_TRUE(declare.passive);
  EXPECT_FALSE(declare.durable);
  EXPECT_TRUE(declare.exclusive);
  EXPECT_FALSE(declare.auto_delete);
  EXPECT_TRUE(declare.no_wait);
  EXPECT_EQ(core::FieldTable{declare.arguments}.find("k")->as_int64(), 1);
  EXPECT_EQ(declare.queue.data(), core::as_text(bytes).data() + 3) << "texts are views";

  const ByteVector delivery = from_hex("0174 0000000000000102 01 0178 026b31");
  BasicDeliver deliver;
  ASSERT_TRUE(decode(delivery, deliver));
  EXPECT_EQ(deliver.consumer_tag, "t");
  EXPECT_EQ(deliver.delivery_tag, 0x102u);
  EXPECT_TRUE(deliver.redelivered);
  EXPECT_EQ(deliver.exchange, "x");
  EXPECT_EQ(deliver.routing_key, "k1");
}

TEST(Methods, UnusedBitsAreIgnored) {
  BasicPublish publish;
  ASSERT_TRUE(decode(from_hex("0000 00 00 fd"), publish));
  EXPECT_TRUE(publish.mandatory);
  EXPECT_FALSE(publish.immediate);
}

TEST(Methods, NamesAndNumbers) {
  std::size_t count = 0;
  for (std::uint32_t class_id = 0; class_id < 300; ++class_id) {
    for (std::uint32_t method_id = 0; method_id < 400; ++method_id) {
      const auto id = static_cast<MethodId>(class_id << 16 | method_id);
      const bool known =
          is_known(static_cast<std::uint16_t>(class_id), static_cast<std::uint16_t>(method_id));
      EXPECT_EQ(known, method_name(id) != "unknown method") << class_id << " " << method_id;
      count += known ? 1 : 0;
    }
  }
  EXPECT_EQ(count, std::size(goldens));
  EXPECT_FALSE(is_known(60, 200)) << "basic.credit";
  EXPECT_FALSE(is_known(60, 10 + 128));
  EXPECT_EQ(method_name(MethodId::exchange_unbind_ok), "exchange.unbind-ok");
  EXPECT_EQ(class_id_of(MethodId::basic_nack), 60);
  EXPECT_EQ(method_id_of(MethodId::basic_nack), 120);
}

TEST(Methods, WhoSendsWhatAndWithContent) {
  EXPECT_TRUE(sent_by_client(MethodId::basic_publish));
  EXPECT_TRUE(sent_by_client(MethodId::basic_nack));
  EXPECT_TRUE(sent_by_client(MethodId::connection_close_ok));
  EXPECT_TRUE(sent_by_client(MethodId::connection_update_secret));
  EXPECT_FALSE(sent_by_client(MethodId::basic_deliver));
  EXPECT_FALSE(sent_by_client(MethodId::queue_declare_ok));
  EXPECT_FALSE(sent_by_client(MethodId::connection_blocked));
  std::size_t contents = 0;
  for (const Golden& golden : goldens) contents += has_content(golden.id) ? 1 : 0;
  EXPECT_EQ(contents, 4u);
  EXPECT_TRUE(has_content(MethodId::basic_get_ok));
}

core::AmqpError error_of(MethodId id, std::string_view hex) {
  return decode_error(id, from_hex(hex));
}

TEST(DecodeError, WrongSizePrintsTheArguments) {
  const core::AmqpError error = error_of(MethodId::queue_declare, "0000056162");
  EXPECT_EQ(error.text(), "FRAME_ERROR - cannot decode <<0,0,5,97,98>>");
  EXPECT_EQ(error.class_id, 50);
  EXPECT_EQ(error.method_id, 10);
  EXPECT_EQ(error_of(MethodId::channel_flow, "0147415242414745").text(),
            "FRAME_ERROR - cannot decode <<1,71,65,82,66,65,71,69>>");
  EXPECT_EQ(error_of(MethodId::queue_declare, "0000 027471 00 00000190 01614900000001").text(),
            "FRAME_ERROR - cannot decode <<0,0,2,116,113,0,0,0,1,144,1,97,73,0,0,0,1>>");
}

TEST(DecodeError, MalformedUtf8HasNoMethod) {
  BasicPublish publish;
  EXPECT_FALSE(decode(from_hex("0000 00 02c328 00"), publish));
  const core::AmqpError error = error_of(MethodId::basic_publish, "0000 00 02c328 00");
  EXPECT_EQ(error.text(), "FRAME_ERROR - Malformed UTF-8 in shortstr");
  EXPECT_EQ(error.class_id, 0);
  EXPECT_EQ(error.method_id, 0);
}

TEST(DecodeError, UnknownTableTag) {
  const std::string_view hex = "0000 0171 00 00000004 01615a01";
  QueueDeclare declare;
  EXPECT_FALSE(decode(from_hex(hex), declare));
  const core::AmqpError error = error_of(MethodId::queue_declare, hex);
  EXPECT_EQ(error.text(), "SYNTAX_ERROR - unknown field table type tag 'Z' (0x5a)");
  EXPECT_EQ(error.class_id, 50);
  EXPECT_EQ(error.method_id, 10);
}

TEST(DecodeError, TableCutShortInsideItsFrame) {
  const core::AmqpError error =
      error_of(MethodId::queue_declare, "0000 0171 00 00000005 0161490000");
  EXPECT_EQ(error.text(),
            "SYNTAX_ERROR - field table ends inside a value of type 'I' (0x49) at byte 2");
}

TEST(DecodeError, SizeComesBeforeContentAndFieldsInOrder) {
  EXPECT_EQ(error_of(MethodId::basic_publish, "0000 00 02c328").code, core::ReplyCode::frame_error);
  EXPECT_EQ(error_of(MethodId::basic_publish, "0000 00 02c328").detail,
            "cannot decode <<0,0,0,2,195,40>>");
  EXPECT_EQ(error_of(MethodId::queue_declare, "0000 01ff 00 00000004 01615a01").detail,
            "Malformed UTF-8 in shortstr");
}

TEST(DecodeError, NestingIsLimited) {
  const auto nested = [](std::uint32_t levels) {
    ByteVector inside;
    for (std::uint32_t level = 1; level < levels; ++level) {
      ByteVector outer = from_hex("00 46 00000000");
      core::store_u32(outer.data() + 2, static_cast<std::uint32_t>(inside.size()));
      outer.insert(outer.end(), inside.begin(), inside.end());
      inside = outer;
    }
    ByteVector arguments = from_hex("0000 0171 00 00000000");
    core::store_u32(arguments.data() + 5, static_cast<std::uint32_t>(inside.size()));
    arguments.insert(arguments.end(), inside.begin(), inside.end());
    return arguments;
  };
  QueueDeclare declare;
  EXPECT_TRUE(decode(nested(32), declare));
  EXPECT_FALSE(decode(nested(33), declare));
  EXPECT_EQ(decode_error(MethodId::queue_declare, nested(33)).code, core::ReplyCode::syntax_error);
  EXPECT_EQ(decode_error(MethodId::queue_declare, nested(5000)).detail,
            "field table is nested deeper than 32 levels at byte 192");
}

TEST(MethodsDeathTest, ShortstrsOfOurOwnMustFit) {
  const std::string key(256, 'k');
  ByteVector out(1000);
  EXPECT_DEATH(encode(out.data(), BasicPublish{.routing_key = key}), "255");
}

}  // namespace
}  // namespace lepus::amqp
