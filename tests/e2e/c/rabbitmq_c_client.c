/* rabbitmq-c, the C client: the life of queues and messages, and being told off.
 *
 * Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT.
 * A case is a function that gets a logged-in connection with channel 1 open and returns 0, or
 * writes a reason with `fail()` and returns 1. */

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHANNEL = 1, WAIT_SECONDS_MAX = 20, MESSAGE_COUNT = 200, LARGE_SIZE = 3000000 };

static const char* broker_host;
static int broker_port;
static char reason[1024];

static int fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* Keeps the reason for the line of this case; always 1, so that cases can return it. */
static int fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  return 1;
}

/* Opens a socket and logs in; the reply tells how that went. The caller destroys the state. */
static amqp_connection_state_t connect_as(const char* password, amqp_rpc_reply_t* reply) {
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(connection);
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_set_handshake_timeout(connection, &limit);
  amqp_set_rpc_timeout(connection, &limit);
  if (socket == NULL || amqp_socket_open(socket, broker_host, broker_port) != AMQP_STATUS_OK) {
    fprintf(stderr, "no connection to %s:%d\n", broker_host, broker_port);
    exit(2);
  }
  *reply = amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", password);
  return connection;
}

static amqp_bytes_t bytes_of(const char* text) {
  return amqp_cstring_bytes(text);
}

static int is_text(amqp_bytes_t bytes, const char* text) {
  return bytes.len == strlen(text) && memcmp(bytes.bytes, text, bytes.len) == 0;
}

/* A name that no other case or run has; valid until the next eight calls. */
static const char* unique_name(const char* what) {
  static char names[8][128];
  static unsigned count;
  char* name = names[count % 8];
  snprintf(name, sizeof names[0], "e2e.%s.%d.%ld.%u", what, (int)getpid(), (long)time(NULL), count);
  ++count;
  return name;
}

static int replied(amqp_connection_state_t connection, const char* what) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return 0;
  }
  return fail("%s was refused (reply type %d)", what, (int)reply.reply_type);
}

static int own_queue(amqp_connection_state_t connection, const char* queue) {
  amqp_queue_declare(connection, CHANNEL, bytes_of(queue), 0, 0, 1, 0, amqp_empty_table);
  return replied(connection, "queue.declare");
}

/* Whether a reply is the close of a channel or connection with that code and text. */
static int refused(amqp_rpc_reply_t reply, int code, const char* text) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) {
    return fail("not refused by the broker (reply type %d)", (int)reply.reply_type);
  }
  int got_code = 0;
  amqp_bytes_t got_text = amqp_empty_bytes;
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const amqp_channel_close_t* close = reply.reply.decoded;
    got_code = close->reply_code;
    got_text = close->reply_text;
  } else if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const amqp_connection_close_t* close = reply.reply.decoded;
    got_code = close->reply_code;
    got_text = close->reply_text;
  }
  if (got_code == code && is_text(got_text, text)) {
    return 0;
  }
  return fail("got %d '%.*s', wanted %d '%s'", got_code, (int)got_text.len, (char*)got_text.bytes,
              code, text);
}

static int publish(amqp_connection_state_t connection, const char* key, amqp_bytes_t body) {
  int status = amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes, bytes_of(key), 0, 0, NULL,
                                  body);
  return status == AMQP_STATUS_OK ? 0 : fail("publish: %s", amqp_error_string2(status));
}

/* Takes the next delivery of this connection's consumers; the caller destroys the envelope. */
static int next_delivery(amqp_connection_state_t connection, amqp_envelope_t* envelope) {
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_maybe_release_buffers(connection);
  amqp_rpc_reply_t reply = amqp_consume_message(connection, envelope, &limit, 0);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return 0;
  }
  return fail("no delivery: %s", amqp_error_string2(reply.library_error));
}

/* Reads the next frame and checks that it is that method; `method` is valid until the next read. */
static int next_method(amqp_connection_state_t connection, amqp_method_number_t id,
                       amqp_method_t* method) {
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_frame_t frame;
  int status = amqp_simple_wait_frame_noblock(connection, &frame, &limit);
  if (status != AMQP_STATUS_OK) {
    return fail("no frame: %s", amqp_error_string2(status));
  }
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != id) {
    return fail("method %#x came, wanted %#x", (unsigned)frame.payload.method.id, (unsigned)id);
  }
  *method = frame.payload.method;
  return 0;
}

static int start_consumer(amqp_connection_state_t connection, const char* queue, int no_ack) {
  amqp_basic_consume(connection, CHANNEL, bytes_of(queue), amqp_empty_bytes, 0, no_ack, 0,
                     amqp_empty_table);
  return replied(connection, "basic.consume");
}

static int publish_and_consume_in_order(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  if (own_queue(connection, queue)) {
    return 1;
  }
  amqp_basic_qos(connection, CHANNEL, 0, 10, 0);
  if (replied(connection, "basic.qos") || start_consumer(connection, queue, 0)) {
    return 1;
  }
  char text[16];
  for (int n = 0; n < MESSAGE_COUNT; ++n) {
    snprintf(text, sizeof text, "%d", n);
    if (publish(connection, queue, bytes_of(text))) {
      return 1;
    }
  }
  for (int n = 0; n < MESSAGE_COUNT; ++n) {
    amqp_envelope_t envelope;
    if (next_delivery(connection, &envelope)) {
      return 1;
    }
    snprintf(text, sizeof text, "%d", n);
    int same = is_text(envelope.message.body, text);
    int acked = amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag, 0);
    amqp_destroy_envelope(&envelope);
    if (!same || acked != AMQP_STATUS_OK) {
      return fail("message %d is another one or could not be acknowledged", n);
    }
  }
  return 0;
}

static int confirms(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  amqp_confirm_select(connection, CHANNEL);
  if (replied(connection, "confirm.select") || own_queue(connection, queue)) {
    return 1;
  }
  for (int n = 0; n < MESSAGE_COUNT; ++n) {
    if (publish(connection, queue, bytes_of("m"))) {
      return 1;
    }
  }
  uint64_t confirmed = 0;
  while (confirmed < MESSAGE_COUNT) {
    amqp_method_t method;
    if (next_method(connection, AMQP_BASIC_ACK_METHOD, &method)) {
      return 1;
    }
    const amqp_basic_ack_t* ack = method.decoded;
    if (ack->delivery_tag <= confirmed) {
      return fail("tag %llu confirmed twice", (unsigned long long)ack->delivery_tag);
    }
    if (!ack->multiple && ack->delivery_tag != confirmed + 1) {
      return fail("tag %llu confirmed alone after %llu", (unsigned long long)ack->delivery_tag,
                  (unsigned long long)confirmed);
    }
    confirmed = ack->delivery_tag;
    amqp_maybe_release_buffers(connection);
  }
  amqp_queue_purge_ok_t* purged = amqp_queue_purge(connection, CHANNEL, bytes_of(queue));
  if (purged == NULL || purged->message_count != MESSAGE_COUNT) {
    return fail("not all %d messages were in the queue", MESSAGE_COUNT);
  }
  return 0;
}

static int mandatory_return(amqp_connection_state_t connection) {
  int status = amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes,
                                  bytes_of(unique_name("absent")), 1, 0, NULL, bytes_of("lost"));
  amqp_method_t method;
  if (status != AMQP_STATUS_OK || next_method(connection, AMQP_BASIC_RETURN_METHOD, &method)) {
    return 1;
  }
  const amqp_basic_return_t* returned = method.decoded;
  if (returned->reply_code != 312 || !is_text(returned->reply_text, "NO_ROUTE")) {
    return fail("returned with %d", returned->reply_code);
  }
  amqp_message_t message;
  amqp_rpc_reply_t reply = amqp_read_message(connection, CHANNEL, &message, 0);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    return fail("the return came without its message");
  }
  int same = is_text(message.body, "lost");
  amqp_destroy_message(&message);
  return same ? 0 : fail("the body of the return is another one");
}

static int properties_and_headers(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  if (own_queue(connection, queue) || start_consumer(connection, queue, 1)) {
    return 1;
  }
  amqp_table_entry_t entries[] = {
      {bytes_of("number"), {.kind = AMQP_FIELD_KIND_I32, .value.i32 = -7}},
      {bytes_of("text"), {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of("words")}},
      {bytes_of("yes"), {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}},
  };
  amqp_basic_properties_t sent = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                AMQP_BASIC_PRIORITY_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
                AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_HEADERS_FLAG,
      .content_type = bytes_of("text/plain"),
      .delivery_mode = 2,
      .priority = 5,
      .correlation_id = bytes_of("c"),
      .timestamp = 1700000000,
      .headers = {3, entries},
  };
  amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes, bytes_of(queue), 0, 0, &sent,
                     bytes_of("body"));
  amqp_envelope_t envelope;
  if (next_delivery(connection, &envelope)) {
    return 1;
  }
  const amqp_basic_properties_t* got = &envelope.message.properties;
  int wrong = 0;
  if (got->_flags != sent._flags || got->delivery_mode != 2 || got->priority != 5 ||
      got->timestamp != sent.timestamp || !is_text(got->content_type, "text/plain") ||
      !is_text(got->correlation_id, "c")) {
    wrong = fail("a property came back changed (flags %#x)", (unsigned)got->_flags);
  } else if (got->headers.num_entries != 3 || got->headers.entries[0].value.value.i32 != -7 ||
             !is_text(got->headers.entries[1].value.value.bytes, "words") ||
             got->headers.entries[2].value.value.boolean != 1) {
    wrong = fail("a header came back changed");
  }
  amqp_destroy_envelope(&envelope);
  return wrong;
}

static int large_body(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  if (own_queue(connection, queue) || start_consumer(connection, queue, 1)) {
    return 1;
  }
  amqp_bytes_t body = amqp_bytes_malloc(LARGE_SIZE);
  for (size_t n = 0; n < LARGE_SIZE; ++n) {
    ((char*)body.bytes)[n] = (char)(n % 251);
  }
  amqp_envelope_t envelope;
  if (publish(connection, queue, body) || next_delivery(connection, &envelope)) {
    amqp_bytes_free(body);
    return 1;
  }
  const amqp_bytes_t got = envelope.message.body;
  int same = got.len == body.len && memcmp(got.bytes, body.bytes, got.len) == 0;
  amqp_destroy_envelope(&envelope);
  amqp_bytes_free(body);
  return same ? 0 : fail("%d bytes came back changed", LARGE_SIZE);
}

static int nack_and_redelivery(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  if (own_queue(connection, queue) || start_consumer(connection, queue, 0) ||
      publish(connection, queue, bytes_of("again"))) {
    return 1;
  }
  amqp_boolean_t redelivered[2] = {1, 0};
  for (int n = 0; n < 2; ++n) {
    amqp_envelope_t envelope;
    if (next_delivery(connection, &envelope)) {
      return 1;
    }
    redelivered[n] = envelope.redelivered;
    amqp_basic_nack(connection, CHANNEL, envelope.delivery_tag, 0, n == 0);
    amqp_destroy_envelope(&envelope);
  }
  if (redelivered[0] || !redelivered[1]) {
    return fail("redelivered flags %d %d, wanted 0 1", redelivered[0], redelivered[1]);
  }
  amqp_queue_declare_ok_t* left =
      amqp_queue_declare(connection, CHANNEL, bytes_of(queue), 1, 0, 1, 0, amqp_empty_table);
  return left != NULL && left->message_count == 0 ? 0 : fail("the message is still there");
}

static int routing_by_topic(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  const char* exchange = unique_name("topic");
  if (own_queue(connection, queue)) {
    return 1;
  }
  amqp_exchange_declare(connection, CHANNEL, bytes_of(exchange), bytes_of("topic"), 0, 0, 1, 0,
                        amqp_empty_table);
  if (replied(connection, "exchange.declare")) {
    return 1;
  }
  amqp_queue_bind(connection, CHANNEL, bytes_of(queue), bytes_of(exchange), bytes_of("a.#"),
                  amqp_empty_table);
  if (replied(connection, "queue.bind")) {
    return 1;
  }
  const char* keys[] = {"a.b.c", "b.a", "a"};
  for (int n = 0; n < 3; ++n) {
    amqp_basic_publish(connection, CHANNEL, bytes_of(exchange), bytes_of(keys[n]), 0, 0, NULL,
                       bytes_of(keys[n]));
  }
  amqp_queue_purge_ok_t* purged = amqp_queue_purge(connection, CHANNEL, bytes_of(queue));
  if (purged == NULL || purged->message_count != 2) {
    return fail("%u of 2 messages were routed", purged == NULL ? 0 : purged->message_count);
  }
  amqp_queue_unbind(connection, CHANNEL, bytes_of(queue), bytes_of(exchange), bytes_of("a.#"),
                    amqp_empty_table);
  return replied(connection, "queue.unbind");
}

static int transaction(amqp_connection_state_t connection) {
  const char* queue = unique_name("c");
  amqp_tx_select(connection, CHANNEL);
  if (replied(connection, "tx.select") || own_queue(connection, queue) ||
      publish(connection, queue, bytes_of("never"))) {
    return 1;
  }
  amqp_tx_rollback(connection, CHANNEL);
  if (replied(connection, "tx.rollback") || publish(connection, queue, bytes_of("kept"))) {
    return 1;
  }
  amqp_tx_commit(connection, CHANNEL);
  if (replied(connection, "tx.commit")) {
    return 1;
  }
  amqp_queue_purge_ok_t* purged = amqp_queue_purge(connection, CHANNEL, bytes_of(queue));
  return purged != NULL && purged->message_count == 1 ? 0 : fail("not the one message is there");
}

static int told_off_404(amqp_connection_state_t connection) {
  char text[256];
  const char* queue = unique_name("absent");
  amqp_queue_declare(connection, CHANNEL, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  snprintf(text, sizeof text, "NOT_FOUND - no queue '%s' in vhost '/'", queue);
  return refused(amqp_get_rpc_reply(connection), 404, text);
}

static int told_off_406(amqp_connection_state_t connection) {
  char text[256];
  const char* queue = unique_name("c");
  if (own_queue(connection, queue)) {
    return 1;
  }
  amqp_queue_declare(connection, CHANNEL, bytes_of(queue), 0, 0, 1, 1, amqp_empty_table);
  snprintf(text, sizeof text,
           "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '%s' in vhost '/': "
           "received 'true' but current is 'false'",
           queue);
  return refused(amqp_get_rpc_reply(connection), 406, text);
}

static int told_off_403_reserved_name(amqp_connection_state_t connection) {
  amqp_exchange_declare(connection, CHANNEL, bytes_of("amq.mine"), bytes_of("direct"), 0, 0, 0, 0,
                        amqp_empty_table);
  return refused(
      amqp_get_rpc_reply(connection), 403,
      "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'");
}

static int told_off_403_credentials(amqp_connection_state_t connection) {
  (void)connection;
  amqp_rpc_reply_t reply;
  amqp_connection_state_t refusing = connect_as("wrong", &reply);
  int wrong = refused(reply, 403,
                      "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. "
                      "For details see the broker logfile.");
  amqp_destroy_connection(refusing);
  return wrong;
}

struct test_case {
  const char* name;
  int (*run)(amqp_connection_state_t connection);
};

#define CASE(function) {#function, function}

static const struct test_case cases[] = {
    CASE(publish_and_consume_in_order),
    CASE(confirms),
    CASE(mandatory_return),
    CASE(properties_and_headers),
    CASE(large_body),
    CASE(nack_and_redelivery),
    CASE(routing_by_topic),
    CASE(transaction),
    CASE(told_off_404),
    CASE(told_off_406),
    CASE(told_off_403_reserved_name),
    CASE(told_off_403_credentials),
};

/* Runs one case on a connection of its own. */
static int run_case(const struct test_case* one) {
  amqp_rpc_reply_t reply;
  amqp_connection_state_t connection = connect_as("guest", &reply);
  int failed = 0;
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    failed = fail("login was refused");
  } else {
    amqp_channel_open(connection, CHANNEL);
    failed = replied(connection, "channel.open") || one->run(connection);
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  }
  amqp_destroy_connection(connection);
  return failed;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
    return 2;
  }
  broker_host = argv[1];
  broker_port = atoi(argv[2]);
  int failures = 0;
  for (size_t n = 0; n < sizeof cases / sizeof cases[0]; ++n) {
    if (run_case(&cases[n])) {
      ++failures;
      printf("FAIL %s: %s\n", cases[n].name, reason);
    } else {
      printf("ok %s\n", cases[n].name);
    }
    fflush(stdout);
  }
  puts("end");
  return failures;
}
