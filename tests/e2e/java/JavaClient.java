/*
 * The RabbitMQ Java client: the life of queues and messages, automatic recovery, and being told
 * off.
 *
 * Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT. A case
 * gets a channel of a connection of its own and throws to fail.
 */

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcClientParams;
import com.rabbitmq.client.RpcServer;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public final class JavaClient {
  private static final int WAIT_SECONDS_MAX = 20;
  private static final int MESSAGE_COUNT = 300;

  private interface Case {
    void run(Channel channel) throws Exception;
  }

  private static String host;
  private static int port;

  public static void main(String[] arguments) throws Exception {
    host = arguments[0];
    port = Integer.parseInt(arguments[1]);
    int failures = 0;
    for (Map.Entry<String, Case> one : cases().entrySet()) {
      try {
        runWithDeadline(one.getValue());
        System.out.println("ok " + one.getKey());
      } catch (Throwable failure) {
        failures++;
        Throwable reason = failure.getCause() != null ? failure.getCause() : failure;
        System.out.println("FAIL " + one.getKey() + ": " + reason.toString().replace('\n', ' '));
      }
    }
    System.out.println("end");
    System.exit(Math.min(failures, 99));
  }

  private static Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("publish_and_consume_in_order", JavaClient::publishAndConsumeInOrder);
    cases.put("confirms", JavaClient::confirms);
    cases.put("mandatory_return", JavaClient::mandatoryReturn);
    cases.put("properties_and_headers", JavaClient::propertiesAndHeaders);
    cases.put("large_body", JavaClient::largeBody);
    cases.put("get_nack_and_redelivery", JavaClient::getNackAndRedelivery);
    cases.put("exchanges_and_bindings", JavaClient::exchangesAndBindings);
    cases.put("transaction", JavaClient::transaction);
    cases.put("remote_calls_by_direct_reply_to", JavaClient::remoteCalls);
    cases.put("cancelled_when_the_queue_goes", JavaClient::cancelledWhenTheQueueGoes);
    cases.put("recovery_after_a_forced_close", JavaClient::recoveryAfterForcedClose);
    cases.put("dead_letter_round_trip", RetryPatterns::deadLetterRoundTrip);
    cases.put("delayed_exchange", RetryPatterns::delayedExchange);
    cases.put("delivery_limit", RetryPatterns::deliveryLimit);
    cases.put("told_off_404", JavaClient::toldOff404);
    cases.put("told_off_406", JavaClient::toldOff406);
    cases.put("told_off_406_unknown_tag", JavaClient::toldOff406UnknownTag);
    cases.put("told_off_405_exclusive_queue", JavaClient::toldOff405);
    cases.put("told_off_403_credentials", JavaClient::toldOff403Credentials);
    cases.put("told_off_530_virtual_host", JavaClient::toldOff530VirtualHost);
    return cases;
  }

  private static void runWithDeadline(Case one) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        Connection connection = factory().newConnection();
        try {
          one.run(connection.createChannel());
        } finally {
          connection.abort();  // unlike close, it may find the connection closed
        }
        done.complete(null);
      } catch (Throwable failure) {
        done.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    done.get(2 * WAIT_SECONDS_MAX, TimeUnit.SECONDS);
  }

  private static ConnectionFactory factory() {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(host);
    factory.setPort(port);
    return factory;
  }

  static String uniqueName(String what) {
    return "e2e." + what + "." + UUID.randomUUID();
  }

  static String ownQueue(Channel channel) throws IOException {
    return channel.queueDeclare(uniqueName("java"), false, true, false, null).getQueue();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void equal(String what, Object got, Object wanted) {
    if (!Objects.equals(got, wanted)) {
      throw new AssertionError(what + ": got " + got + ", wanted " + wanted);
    }
  }

  static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
    T got = queue.poll(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
    if (got == null) {
      throw new AssertionError(what + ": not within " + WAIT_SECONDS_MAX + " s");
    }
    return got;
  }

  /** Puts the deliveries of a new consumer with manual acks into the queue that it returns. */
  static BlockingQueue<Delivery> consume(Channel channel, String queue)
      throws IOException {
    BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    channel.basicConsume(queue, false, (tag, delivery) -> deliveries.add(delivery), tag -> { });
    return deliveries;
  }

  private interface Refused {
    void run() throws Exception;
  }

  /** Runs what the broker has to refuse with that code and text. */
  private static void refused(int code, String text, Refused action) throws Exception {
    try {
      action.run();
    } catch (IOException | ShutdownSignalException failure) {
      Throwable signal = failure instanceof IOException ? failure.getCause() : failure;
      if (!(signal instanceof ShutdownSignalException)) {
        throw failure;
      }
      Object reason = ((ShutdownSignalException) signal).getReason();
      if (reason instanceof AMQP.Channel.Close) {
        AMQP.Channel.Close close = (AMQP.Channel.Close) reason;
        equal("refusal", close.getReplyCode() + " " + close.getReplyText(), code + " " + text);
      } else {
        AMQP.Connection.Close close = (AMQP.Connection.Close) reason;
        equal("refusal", close.getReplyCode() + " " + close.getReplyText(), code + " " + text);
      }
      return;
    }
    throw new AssertionError("not refused, " + code + " " + text + " wanted");
  }

  private static void publishAndConsumeInOrder(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    channel.basicQos(20);
    BlockingQueue<Delivery> deliveries = consume(channel, queue);
    for (int n = 0; n < MESSAGE_COUNT; n++) {
      channel.basicPublish("", queue, null, bytes(Integer.toString(n)));
    }
    for (int n = 0; n < MESSAGE_COUNT; n++) {
      Delivery delivery = next(deliveries, "message " + n);
      equal("body", new String(delivery.getBody(), StandardCharsets.UTF_8), Integer.toString(n));
      channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
    }
  }

  private static void confirms(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    ConcurrentSkipListSet<Long> outstanding = new ConcurrentSkipListSet<>();
    BlockingQueue<Long> nacks = new LinkedBlockingQueue<>();
    channel.confirmSelect();
    channel.addConfirmListener((tag, multiple) -> {
      if (multiple) {
        outstanding.headSet(tag, true).clear();
      } else {
        outstanding.remove(tag);
      }
    }, (tag, multiple) -> nacks.add(tag));
    for (int n = 0; n < MESSAGE_COUNT; n++) {
      outstanding.add(channel.getNextPublishSeqNo());
      channel.basicPublish("", queue, new AMQP.BasicProperties.Builder().deliveryMode(2).build(),
          bytes("m"));
    }
    channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(WAIT_SECONDS_MAX));
    equal("outstanding", outstanding.size(), 0);
    equal("nacks", nacks.size(), 0);
    equal("purged", channel.queuePurge(queue).getMessageCount(), MESSAGE_COUNT);
  }

  private static void mandatoryReturn(Channel channel) throws Exception {
    String key = uniqueName("absent");
    BlockingQueue<String> returned = new LinkedBlockingQueue<>();
    channel.addReturnListener(message -> returned.add(message.getReplyCode() + " "
        + message.getReplyText() + " " + message.getRoutingKey() + " "
        + new String(message.getBody(), StandardCharsets.UTF_8)));
    channel.basicPublish("", key, true, null, bytes("lost"));
    equal("return", next(returned, "the return"), "312 NO_ROUTE " + key + " lost");
  }

  private static void propertiesAndHeaders(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    Map<String, Object> headers = new HashMap<>();
    headers.put("int", -7);
    headers.put("long", 1L << 40);
    headers.put("short", (short) 3);
    headers.put("byte", (byte) -1);
    headers.put("double", 0.25);
    headers.put("float", 0.5f);
    headers.put("bool", true);
    headers.put("none", null);
    headers.put("date", new Date(1_700_000_000_000L));
    headers.put("list", Arrays.asList(1, 2L, true));
    headers.put("table", Map.of("deep", Map.of("deeper", 1)));
    AMQP.BasicProperties sent = new AMQP.BasicProperties.Builder()
        .headers(headers).contentType("text/plain").contentEncoding("utf-8").deliveryMode(2)
        .priority(3).correlationId("c").replyTo("r").expiration("60000").messageId("m")
        .timestamp(new Date(1_700_000_000_000L)).type("kind").userId("guest").appId("e2e").build();
    channel.basicPublish("", queue, sent, bytes("body"));
    GetResponse got = channel.basicGet(queue, true);
    equal("properties", got.getProps(), sent);
  }

  private static void largeBody(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    byte[] body = new byte[5_000_000];
    for (int n = 0; n < body.length; n++) {
      body[n] = (byte) (n % 251);
    }
    channel.basicPublish("", queue, null, body);
    byte[] got = channel.basicGet(queue, true).getBody();
    equal("5 MB come back unchanged", Arrays.equals(got, body), true);
  }

  private static void getNackAndRedelivery(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    equal("empty queue", channel.basicGet(queue, true), null);
    channel.basicPublish("", queue, null, bytes("again"));
    GetResponse first = channel.basicGet(queue, false);
    equal("redelivered at first", first.getEnvelope().isRedeliver(), false);
    channel.basicNack(first.getEnvelope().getDeliveryTag(), false, true);
    equal("redelivered then", channel.basicGet(queue, false).getEnvelope().isRedeliver(), true);
    channel.basicRecover(true);
    GetResponse third = channel.basicGet(queue, false);
    equal("redelivered after recover", third.getEnvelope().isRedeliver(), true);
    channel.basicReject(third.getEnvelope().getDeliveryTag(), false);
    equal("left", channel.messageCount(queue), 0L);
  }

  private static void exchangesAndBindings(Channel channel) throws Exception {
    String source = uniqueName("source");
    String target = uniqueName("target");
    String other = uniqueName("other");
    String queue = ownQueue(channel);
    channel.exchangeDeclare(other, BuiltinExchangeType.FANOUT, false, true, null);
    channel.exchangeDeclare(source, BuiltinExchangeType.TOPIC, false, true,
        Map.of("alternate-exchange", other));
    channel.exchangeDeclare(target, BuiltinExchangeType.HEADERS, false, true, true, null);
    channel.exchangeBind(target, source, "go.#");
    channel.queueBind(queue, target, "", Map.of("x-match", "all", "a", 1));
    channel.queueBind(queue, other, "");
    AMQP.BasicProperties one =
        new AMQP.BasicProperties.Builder().headers(Map.of("a", 1)).build();
    channel.basicPublish(source, "go.on", one, bytes("bound"));
    channel.basicPublish(source, "go.on", null, bytes("headers missing"));
    channel.basicPublish(source, "stop", null, bytes("alternate"));
    for (String wanted : List.of("bound", "alternate")) {
      byte[] got = channel.basicGet(queue, true).getBody();
      equal("body", new String(got, StandardCharsets.UTF_8), wanted);
    }
    equal("left", channel.basicGet(queue, true), null);
    channel.exchangeUnbind(target, source, "go.#");
  }

  private static void transaction(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    channel.txSelect();
    channel.basicPublish("", queue, null, bytes("never"));
    channel.txRollback();
    channel.basicPublish("", queue, null, bytes("kept"));
    equal("before the commit", channel.messageCount(queue), 0L);
    channel.txCommit();
    equal("after the commit", channel.messageCount(queue), 1L);
  }

  private static void remoteCalls(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    RpcServer server = new RpcServer(channel, queue) {
      @Override
      public byte[] handleCall(Delivery request, AMQP.BasicProperties reply) {
        return bytes("to " + new String(request.getBody(), StandardCharsets.UTF_8));
      }
    };
    Thread serving = new Thread(() -> {
      try {
        server.mainloop();
      } catch (IOException closed) {
        Thread.currentThread().interrupt();
      }
    });
    serving.setDaemon(true);
    serving.start();
    Channel calling = channel.getConnection().createChannel();
    RpcClient client = new RpcClient(new RpcClientParams().channel(calling).exchange("")
        .routingKey(queue).timeout((int) TimeUnit.SECONDS.toMillis(WAIT_SECONDS_MAX)));
    for (int n = 0; n < 20; n++) {
      equal("answer", client.stringCall("you " + n), "to you " + n);
    }
    client.close();
    server.terminateMainloop();
  }

  private static void cancelledWhenTheQueueGoes(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    BlockingQueue<String> cancelled = new LinkedBlockingQueue<>();
    String mine = channel.basicConsume(queue, (tag, delivery) -> { }, cancelled::add);
    channel.queueDelete(queue);
    equal("cancelled tag", next(cancelled, "the cancel"), mine);
  }

  /** The client is cut off and declares its queue, binding and consumer anew by itself. */
  private static void recoveryAfterForcedClose(Channel channel) throws Exception {
    ConnectionFactory factory = factory();
    factory.setAutomaticRecoveryEnabled(true);
    factory.setNetworkRecoveryInterval(100);
    try (Connection connection = factory.newConnection()) {
      Channel recovering = connection.createChannel();
      String queue = ownQueue(recovering);
      recovering.queueBind(queue, "amq.direct", queue);
      BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
      recovering.basicConsume(queue, true, (tag, delivery) -> deliveries.add(delivery), tag -> { });
      CountDownLatch recovered = new CountDownLatch(1);
      ((com.rabbitmq.client.Recoverable) connection).addRecoveryListener(
          new com.rabbitmq.client.RecoveryListener() {
            @Override
            public void handleRecovery(com.rabbitmq.client.Recoverable recoverable) {
              recovered.countDown();
            }

            @Override
            public void handleRecoveryStarted(com.rabbitmq.client.Recoverable recoverable) { }
          });
      // A second channel.open on an open channel is refused with 504, which closes the whole
      // connection.
      try {
        recovering.rpc(new com.rabbitmq.client.AMQP.Channel.Open.Builder().build());
        throw new AssertionError("a channel was opened twice");
      } catch (IOException refused) {
        // As it should be.
      }
      equal("recovered", recovered.await(WAIT_SECONDS_MAX, TimeUnit.SECONDS), true);
      channel.basicPublish("amq.direct", queue, null, bytes("after"));
      Delivery delivery = next(deliveries, "a message after the recovery");
      equal("body", new String(delivery.getBody(), StandardCharsets.UTF_8), "after");
    }
  }

  private static void toldOff404(Channel channel) throws Exception {
    String name = uniqueName("absent");
    refused(404, "NOT_FOUND - no queue '" + name + "' in vhost '/'",
        () -> channel.queueDeclarePassive(name));
    equal("the connection lives on", channel.getConnection().createChannel().isOpen(), true);
  }

  private static void toldOff406(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    refused(406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '" + queue
            + "' in vhost '/': received 'true' but current is 'false'",
        () -> channel.queueDeclare(queue, false, true, true, null));
  }

  private static void toldOff406UnknownTag(Channel channel) throws Exception {
    channel.basicAck(7, false);
    refused(406, "PRECONDITION_FAILED - unknown delivery tag 7", () -> ownQueue(channel));
  }

  private static void toldOff405(Channel channel) throws Exception {
    String queue = ownQueue(channel);
    try (Connection other = factory().newConnection()) {
      String text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue
          + "' in vhost '/'. It could be originally declared on another connection or the "
          + "exclusive property value does not match that of the original declaration.";
      // With a name this long the text does not fit a short string, so its end is cut off.
      refused(405, text.substring(0, 252) + "...", () -> other.createChannel().queuePurge(queue));
    }
  }

  private static void toldOff403Credentials(Channel channel) throws Exception {
    ConnectionFactory factory = factory();
    factory.setPassword("wrong");
    try {
      factory.newConnection().abort();
      throw new AssertionError("a wrong password was taken");
    } catch (AuthenticationFailureException refusal) {
      equal("text", refusal.getMessage(), "ACCESS_REFUSED - Login was refused using authentication "
          + "mechanism PLAIN. For details see the broker logfile.");
    }
  }

  private static void toldOff530VirtualHost(Channel channel) throws Exception {
    ConnectionFactory factory = factory();
    factory.setVirtualHost("absent");
    refused(530, "NOT_ALLOWED - vhost absent not found", () -> factory.newConnection().close());
  }
}
