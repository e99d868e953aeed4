/* rabbitmq-c over TLS.
 *
 * Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT
 * STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a certificate, the one
 * at STRICT_PORT only those with one. HOST is not used: the library compares the name it connects
 * to with the names in the broker's certificate, but no addresses. */

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHANNEL = 1, WAIT_SECONDS_MAX = 20, LARGE_SIZE = 1 << 20 };
enum { IDLE_SECONDS = 3 }; /* who hears nothing for two heartbeats of a second closes */

static const char* const HOST = "localhost";
static const char* const USER = "e2e-client"; /* the common name of the client's certificate */

static int port;
static int strict_port;
static const char* directory;
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

/* The path of one of the files for TLS; valid until the next four calls. */
static const char* path(const char* name) {
  static char paths[4][4096];
  static unsigned count;
  char* made = paths[count++ % 4];
  snprintf(made, sizeof paths[0], "%s/%s", directory, name);
  return made;
}

struct how {
  int port;
  const char* authority; /* the file of the authority to trust */
  int own;               /* whether to show a certificate, and to log in by it */
  int heartbeat;
};

/* Connects as told and opens a channel. Returns AMQP_STATUS_OK, or why that failed; the caller
 * destroys the state. */
static int connect_as(struct how how, amqp_connection_state_t* made) {
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_connection_state_t connection = *made = amqp_new_connection();
  amqp_socket_t* socket = amqp_ssl_socket_new(connection);
  amqp_set_handshake_timeout(connection, &limit);
  amqp_set_rpc_timeout(connection, &limit);
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 1);
  int status = amqp_ssl_socket_set_cacert(socket, path(how.authority));
  if (status == AMQP_STATUS_OK && how.own) {
    status = amqp_ssl_socket_set_key(socket, path("trusted-client.pem"),
                                     path("trusted-client.key"));
  }
  if (status == AMQP_STATUS_OK) {
    status = amqp_socket_open_noblock(socket, HOST, how.port, &limit);
  }
  if (status != AMQP_STATUS_OK) {
    return status;
  }
  amqp_rpc_reply_t reply =
      how.own
          ? amqp_login(connection, "/", 0, 131072, how.heartbeat, AMQP_SASL_METHOD_EXTERNAL, USER)
          : amqp_login(connection, "/", 0, 131072, how.heartbeat, AMQP_SASL_METHOD_PLAIN, "guest",
                       "guest");
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    return reply.library_error;
  }
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    return AMQP_STATUS_UNEXPECTED_STATE;
  }
  amqp_channel_open(connection, CHANNEL);
  return amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL
             ? AMQP_STATUS_OK
             : AMQP_STATUS_UNEXPECTED_STATE;
}

static int replied(amqp_connection_state_t connection, const char* what) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return 0;
  }
  return fail("%s was refused (reply type %d, %s)", what, (int)reply.reply_type,
              amqp_error_string2(reply.library_error));
}

/* Connects as told, runs the work, and closes the connection. */
static int with_channel(struct how how, int (*work)(amqp_connection_state_t connection)) {
  amqp_connection_state_t connection;
  int status = connect_as(how, &connection);
  int failed = 0;
  if (status != AMQP_STATUS_OK) {
    failed = fail("no connection: %s", amqp_error_string2(status));
  } else if (work(connection)) {
    failed = 1;
  } else {
    amqp_rpc_reply_t closed = amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    if (closed.reply_type != AMQP_RESPONSE_NORMAL) {
      failed = fail("not closed: %s", amqp_error_string2(closed.library_error));
    }
  }
  amqp_destroy_connection(connection);
  return failed;
}

static int refused(struct how how, int wanted) {
  amqp_connection_state_t connection;
  int status = connect_as(how, &connection);
  amqp_destroy_connection(connection);
  if (status == wanted) {
    return 0;
  }
  return fail("got '%s', wanted '%s'", amqp_error_string2(status), amqp_error_string2(wanted));
}

/* The name of a new queue of the connection, to be freed with amqp_bytes_free; empty when it
 * could not be made. */
static amqp_bytes_t own_queue(amqp_connection_state_t connection) {
  amqp_queue_declare_ok_t* made = amqp_queue_declare(connection, CHANNEL, amqp_empty_bytes, 0, 0,
                                                     1, 0, amqp_empty_table);
  return made == NULL ? amqp_empty_bytes : amqp_bytes_malloc_dup(made->queue);
}

/* Publishes with properties and waits for the confirm with that number. */
static int publish(amqp_connection_state_t connection, amqp_bytes_t queue,
                   const amqp_basic_properties_t* properties, amqp_bytes_t body, uint64_t number) {
  int status = amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes, queue, 0, 0, properties,
                                  body);
  if (status != AMQP_STATUS_OK) {
    return fail("publish: %s", amqp_error_string2(status));
  }
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_frame_t frame;
  status = amqp_simple_wait_frame_noblock(connection, &frame, &limit);
  if (status != AMQP_STATUS_OK) {
    return fail("no confirm: %s", amqp_error_string2(status));
  }
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
    return fail("something else than a confirm");
  }
  const amqp_basic_ack_t* confirm = frame.payload.method.decoded;
  return confirm->delivery_tag == number ? 0 : fail("confirm of another message");
}

/* Takes the next delivery, compares its body, and acknowledges it. */
static int take(amqp_connection_state_t connection, amqp_bytes_t body) {
  struct timeval limit = {WAIT_SECONDS_MAX, 0};
  amqp_envelope_t envelope;
  amqp_maybe_release_buffers(connection);
  amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &limit, 0);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    return fail("no delivery: %s", amqp_error_string2(reply.library_error));
  }
  amqp_bytes_t got = envelope.message.body;
  int same = got.len == body.len && (body.len == 0 || memcmp(got.bytes, body.bytes, body.len) == 0);
  int status = amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag, 0);
  amqp_destroy_envelope(&envelope);
  if (!same) {
    return fail("another body than that of %zu bytes", body.len);
  }
  return status == AMQP_STATUS_OK ? 0 : fail("ack: %s", amqp_error_string2(status));
}

static int pass_messages(amqp_connection_state_t connection) {
  static char large[LARGE_SIZE];
  for (size_t n = 0; n < sizeof large; ++n) {
    large[n] = (char)n;
  }
  const amqp_bytes_t bodies[] = {amqp_empty_bytes, amqp_cstring_bytes("one"),
                                 amqp_cstring_bytes("two"), {sizeof large, large}};
  const size_t count = sizeof bodies / sizeof bodies[0];
  amqp_bytes_t queue = own_queue(connection);
  amqp_confirm_select(connection, CHANNEL);
  int failed = replied(connection, "confirm.select");
  for (size_t n = 0; !failed && n < count; ++n) {
    failed = publish(connection, queue, NULL, bodies[n], n + 1);
  }
  if (!failed) {
    amqp_basic_consume(connection, CHANNEL, queue, amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    failed = replied(connection, "basic.consume");
  }
  for (size_t n = 0; !failed && n < count; ++n) {
    failed = take(connection, bodies[n]);
  }
  amqp_bytes_free(queue);
  return failed;
}

/* Only the user's own name is taken as the user-id of a message. */
static int publish_as_user(amqp_connection_state_t connection) {
  amqp_basic_properties_t properties = {0};
  properties._flags = AMQP_BASIC_USER_ID_FLAG;
  properties.user_id = amqp_cstring_bytes(USER);
  amqp_bytes_t queue = own_queue(connection);
  amqp_confirm_select(connection, CHANNEL);
  int failed = replied(connection, "confirm.select") ||
               publish(connection, queue, &properties, amqp_cstring_bytes("m"), 1);
  amqp_bytes_free(queue);
  return failed;
}

/* The library sends heartbeats while it waits for frames. */
static int rest(amqp_connection_state_t connection) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const time_t end = now.tv_sec + IDLE_SECONDS + 1;
  while (now.tv_sec < end) {
    struct timeval limit = {end - now.tv_sec, 0};
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(connection, &frame, &limit);
    if (status != AMQP_STATUS_TIMEOUT) {
      return fail("while idle: %s", amqp_error_string2(status));
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
  amqp_bytes_t queue = own_queue(connection);
  int failed = queue.len == 0 && fail("no queue after resting");
  amqp_bytes_free(queue);
  return failed;
}

static int messages(void) {
  return with_channel((struct how){port, "trusted-ca.pem", 0, 0}, pass_messages);
}

static int wrong_ca(void) {
  return refused((struct how){port, "other-ca.pem", 0, 0}, AMQP_STATUS_SSL_PEER_VERIFY_FAILED);
}

static int login_by_certificate(void) {
  return with_channel((struct how){port, "trusted-ca.pem", 1, 0}, publish_as_user) ||
         with_channel((struct how){strict_port, "trusted-ca.pem", 1, 0}, publish_as_user);
}

static int without_certificate(void) {
  return refused((struct how){strict_port, "trusted-ca.pem", 0, 0}, AMQP_STATUS_SSL_ERROR);
}

static int heartbeat(void) {
  return with_channel((struct how){port, "trusted-ca.pem", 0, 1}, rest);
}

struct test_case {
  const char* name;
  int (*run)(void);
};

#define CASE(function) {#function, function}

static const struct test_case cases[] = {
    CASE(messages),  CASE(wrong_ca), CASE(login_by_certificate), CASE(without_certificate),
    CASE(heartbeat),
};

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: %s HOST PORT STRICT_PORT DIRECTORY\n", argv[0]);
    return 2;
  }
  port = atoi(argv[2]);
  strict_port = atoi(argv[3]);
  directory = argv[4];
  int failures = 0;
  for (size_t n = 0; n < sizeof cases / sizeof cases[0]; ++n) {
    if (cases[n].run()) {
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
